"""A writer killed at any moment: the record verifies, and what was acknowledged is in it."""

import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gateway.adapters.store import open_reader
from tests.store import writer_process
from tests.store.builders import ONE, errors_of

MOST_WORDS = 60
"""About half a second of writing before the kill at most."""


@pytest.mark.parametrize("kills", [10, pytest.param(500, marks=pytest.mark.soak)])
def test_nothing_acknowledged_is_lost(tmp_path: Path, kills: int) -> None:
    chance = random.Random(kills)
    root, acknowledged, samples = tmp_path / "store", dict[int, str](), 0
    for _ in range(kills):
        lines = _killed_after(root, chance.randrange(MOST_WORDS))
        for kind, *words in lines:
            if kind == "event":
                acknowledged[int(words[0])] = words[1]
            samples += kind == "samples"
        with closing(open_reader(root)) as reader:
            assert errors_of(reader.verify(ONE)) == []
            events = {event.sequence: event.sha256 for event in reader.events(ONE)}
            assert acknowledged.items() <= events.items()
            rows = reader.samples(ONE, 1)
            written, rest = divmod(len(rows), len(writer_process.ROWS))
            assert rest == 0
            assert written >= samples
            samples = written
    assert len(acknowledged) > kills


def _killed_after(root: Path, count: int) -> list[list[str]]:
    """Run a writer, kill it after it has said ``count`` things; everything it said."""
    command = [sys.executable, "-m", writer_process.__name__, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        lines = [process.stdout.readline().split() for _ in range(count)]
        process.kill()
        rest = process.stdout.read()
    return lines + [line.split() for line in rest.split("\n")[:-1]]
