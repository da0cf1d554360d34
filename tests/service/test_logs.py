"""Lines of the log: one a message, about the delivery and beam that it is about."""

import asyncio
import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.logs import FORMAT, ROOM, about, is_json, start_logging


@contextmanager
def lines_of(monkeypatch: pytest.MonkeyPatch, wanted: str) -> Iterator[io.StringIO]:
    """Standard error while it is logged to in that format; then everything is as before."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    said = io.StringIO()
    monkeypatch.setenv(FORMAT, wanted)
    monkeypatch.setenv(ROOM, "bench")
    root.handlers.clear()
    with monkeypatch.context() as there:
        there.setattr(sys, "stderr", said)
        start_logging("web")
        yield said
    root.handlers[:] = before
    root.setLevel(level)


def test_a_line_says_what_it_is_about(monkeypatch: pytest.MonkeyPatch) -> None:
    with lines_of(monkeypatch, "json") as said:
        with about(delivery_id="D-1"):
            with about(beam=2):
                logging.getLogger("gateway.x").warning("größer\n%s", "als")
            logging.getLogger("gateway.x").error("without a beam")
        logging.getLogger("gateway.x").error("without a delivery")
    first, second, third = map(json.loads, said.getvalue().splitlines())
    at = first.pop("time")
    assert at.endswith("Z")
    assert first == {
        "level": "warning", "logger": "gateway.x", "message": "größer\nals", "process": "web",
        "room": "bench", "delivery_id": "D-1", "beam": 2,
    }  # fmt: skip
    assert (second["delivery_id"], "beam" in second) == ("D-1", False)
    assert "delivery_id" not in third


async def test_tasks_say_what_they_were_begun_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def speak() -> None:
        logging.getLogger("gateway.x").warning("spoken")

    with lines_of(monkeypatch, "json") as said:
        with about(delivery_id="D-1"):
            first = asyncio.create_task(speak())
        with about(delivery_id="D-2"):
            second = asyncio.create_task(speak())
        await asyncio.gather(first, second)
    spoken = [json.loads(line)["delivery_id"] for line in said.getvalue().splitlines()]
    assert spoken == ["D-1", "D-2"]


def test_an_error_is_in_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with lines_of(monkeypatch, "json") as said:
        try:
            raise ValueError("no")
        except ValueError:
            logging.getLogger("gateway.x").exception("failed")
    (line,) = map(json.loads, said.getvalue().splitlines())
    assert line["exception"].endswith("ValueError: no")


def test_text_stays_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with lines_of(monkeypatch, "text") as said:
        logging.getLogger("gateway.x").warning("a\nb\x1b[2J")
    assert said.getvalue() == "WARNING gateway.x: a\\nb\\x1b[2J\n"


def test_the_journal_gets_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(FORMAT, raising=False)
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    with (tmp_path / "journal").open("w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        assert not is_json()
        found = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        assert is_json()
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino + 1}")
        assert not is_json()
        monkeypatch.setenv(FORMAT, "json")
        assert is_json()
