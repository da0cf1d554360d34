"""No job after the end, and no beam that waits for who does not read."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.app.node import room
from gateway.app.node.jobs import Job
from gateway.app.node.room import RoomProcess
from gateway.app.node.room_process import _Progress
from gateway.domain.errors import LinkLost
from tests.node_service.waiting import until

PIPE_BYTES = 4096


class StartsSlowly:
    """A child that has no process yet while it starts."""

    said: list[Mapping[str, Any]]
    starting: asyncio.Event
    go: asyncio.Event
    alive = False

    def __init__(self, *_: object) -> None:
        type(self).said, type(self).starting, type(self).go = [], asyncio.Event(), asyncio.Event()

    async def start(self) -> None:
        self.starting.set()
        await self.go.wait()
        type(self).alive = True

    async def stop(self, _bound_s: float = 0.0) -> None:
        type(self).alive = False

    async def send(self, value: Mapping[str, Any]) -> None:
        self.said.append(value)


async def test_a_process_that_starts_while_the_service_closes_gets_no_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "Child", StartsSlowly)
    process = RoomProcess("room", (Path("store"), None, ""), lambda _: None)
    job = Job("1", Path("plan.dcm"), "request-1")
    delivering = asyncio.create_task(process.deliver(job, lambda *_: None))
    await until(lambda: process._child is not None)
    await StartsSlowly.starting.wait()
    await process.aclose()
    StartsSlowly.go.set()
    with pytest.raises(LinkLost, match="being stopped"):
        await delivering
    assert StartsSlowly.said == []
    assert not StartsSlowly.alive


def test_a_beam_does_not_wait_for_who_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would wait here for ever."""
    reads, writes = os.pipe()
    with os.fdopen(reads, "rb", buffering=0) as reader, os.fdopen(writes, "w") as writer:
        monkeypatch.setattr(sys, "stdout", writer)
        for beam in range(20_000):
            _Progress("item")(beam, 1.0, 1.0)
        told = reader.read(2**20)
        assert told.endswith(b"\n")
        assert len(told) > PIPE_BYTES
        _Progress("item")(7, 1.0, 1.0)
        assert reader.read(2**20) == b'{"item": "item", "progress": [7, 1.0, 1.0]}\n'
