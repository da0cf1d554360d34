"""Recorder and store together: the seal is what verify finds, and time is simulated time."""

import asyncio
import time
from contextlib import closing
from pathlib import Path

from gateway.adapters.clock import SimulatedClock
from gateway.adapters.store import StoreWriter, open_store
from gateway.delivery.recorder import Recorder
from gateway.ports.store import StoredEvent
from gateway.timeloop import run
from tests.recorder.fakes import LAYOUT, SECOND, sample
from tests.store.builders import errors_of, tamper

EPOCH_NS = 1_700_000_000 * SECOND


async def record(store: StoreWriter) -> None:
    """Two beams of 400 samples with gaps, and events between."""
    clock = SimulatedClock(EPOCH_NS, asyncio.get_running_loop().time)
    recorder = Recorder(store, "delivery", clock, time.monotonic)
    recorder.watch(_fail, lambda *_: None)
    for beam in (1, 2):
        await recorder.event("beam-on", beam=beam)
        recorder.begin_beam(beam, LAYOUT)
        for sequence in range(1, 401):
            if sequence % 100:
                recorder.sample(sample(sequence, sequence / 10))
            await asyncio.sleep(0.02)
        telemetry = await recorder.end_beam()
        await recorder.file(f"beam_{beam}", telemetry.sequence.tobytes())


def _fail(error: Exception) -> None:
    raise error


def recorded(root: Path) -> list[StoredEvent]:
    """The events of a recording in simulated time."""
    with closing(open_store(root)) as store:
        run(record(store), None)
        assert errors_of(store.verify("delivery")) == []
        return list(store.events("delivery"))


def test_the_seal_is_what_verify_computes_again(tmp_path: Path) -> None:
    events = recorded(tmp_path)
    seals = [event.body for event in events if event.kind == "samples"]
    # Sequence 400 is missing too, but nothing came after it to show the gap.
    assert [(seal["count"], seal["lost"]) for seal in seals] == [(396, 3), (396, 3)]
    tamper(tmp_path, "UPDATE samples SET rows = zeroblob(length(rows)) WHERE beam_number = 2")
    with closing(open_store(tmp_path)) as store:
        assert errors_of(store.verify("delivery")) == ["samples-altered"]


def test_two_runs_in_simulated_time_record_the_same(tmp_path: Path) -> None:
    """Though the wall groups their samples differently: the hash of every event is the same."""
    one, other = recorded(tmp_path / "one"), recorded(tmp_path / "other")
    assert one == other
    assert [event.at_ns for event in one if event.kind == "beam-on"] == [
        EPOCH_NS,
        EPOCH_NS + 8 * SECOND,
    ]
