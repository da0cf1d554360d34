"""Durable first, in groups, and told once when it cannot be."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.delivery import recorder as recorder_module
from gateway.delivery.recorder import COMMIT_PERIOD_S, Recorder
from gateway.domain.axes import Axis
from gateway.domain.errors import GatewayError, StoreError
from gateway.formats.telemetry_rows import row_dtype
from gateway.timeloop import run
from tests.recorder.fakes import LAYOUT, Dates, FakeStore, Wall, couch, sample

ROW_BYTES = row_dtype(LAYOUT).itemsize


class Bench:
    """A recorder with its store, its wall time, and what it told."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.wall = Wall()
        self.faults: list[GatewayError] = []
        self.progress: list[tuple[int, float]] = []
        self.recorder = Recorder(self.store, "delivery", Dates(), self.wall)  # type: ignore[arg-type]  # only what it uses
        self.recorder.watch(self.faults.append, lambda *seen: self.progress.append(seen))

    def samples(self, *sequences: int) -> None:
        for sequence in sequences:
            self.recorder.sample(sample(sequence, sequence / 10))


def simulated(scenario: Callable[[Bench], Coroutine[Any, Any, None]]) -> Bench:
    """Run in simulated time; nothing may be left behind."""

    async def main() -> Bench:
        bench = Bench()
        await scenario(bench)
        return bench

    return run(main(), None)


def test_samples_are_committed_in_groups_every_100_ms_of_wall_time() -> None:
    async def scenario(bench: Bench) -> None:
        bench.recorder.begin_beam(1, LAYOUT)
        for sequence in range(1, 25):
            bench.wall.now_s += 1 / 32  # exact in binary: the fourth is the first at 100 ms
            bench.samples(sequence)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert bench.store.counts() == [4] * 6
        await bench.recorder.end_beam()
        assert bench.store.counts() == [4] * 6

    simulated(scenario)


def test_simulated_time_that_runs_ahead_of_the_wall_commits_no_more_often() -> None:
    async def scenario(bench: Bench) -> None:
        bench.recorder.begin_beam(1, LAYOUT)
        for sequence in range(1, 501):
            bench.samples(sequence)
            await asyncio.sleep(0.02)
        assert bench.store.counts() == []
        bench.wall.now_s = COMMIT_PERIOD_S
        bench.samples(501)
        await asyncio.sleep(0.001)
        assert bench.store.counts() == [501]
        await bench.recorder.end_beam()

    simulated(scenario)


def test_a_stream_that_stops_is_committed() -> None:
    """Two periods after the last sample at the latest, though the wall stands still."""

    async def scenario(bench: Bench) -> None:
        bench.recorder.begin_beam(1, LAYOUT)
        await asyncio.sleep(1.0)
        bench.samples(1, 2, 3)
        await asyncio.sleep(2.1 * COMMIT_PERIOD_S)
        assert bench.store.counts() == [3]
        assert bench.progress == [(1, 0.3)]
        bench.samples(4)
        await asyncio.sleep(2.1 * COMMIT_PERIOD_S)
        assert bench.store.counts() == [3, 1]

    simulated(scenario)


def test_a_beam_that_nobody_ends_leaves_nothing_to_wait_for() -> None:
    """No timer runs on: a wait for nothing is a deadlock again, and no task is left."""

    async def scenario(bench: Bench) -> None:
        bench.recorder.begin_beam(1, LAYOUT)
        bench.samples(1)
        await asyncio.sleep(3 * COMMIT_PERIOD_S)
        loop = asyncio.get_running_loop()
        assert not [handle for handle in loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]  # no public way to ask
        assert asyncio.all_tasks() == {asyncio.current_task()}

    simulated(scenario)


def test_an_abandoned_beam_keeps_what_came() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.recorder.abandon()
        bench.recorder.begin_beam(1, LAYOUT)
        bench.samples(1, 2)
        await bench.recorder.abandon()
        await bench.recorder.abandon()
        assert bench.store.counts() == [2]
        assert bench.store.events == []
        assert asyncio.all_tasks() == {asyncio.current_task()}

    simulated(scenario)


def test_abandoning_waits_for_the_commit_at_work() -> None:
    async def scenario(bench: Bench) -> None:
        bench.store.gate.clear()
        bench.recorder.begin_beam(1, LAYOUT)
        bench.wall.now_s = 1.0
        bench.samples(1)
        bench.samples(2)
        abandoning = asyncio.create_task(bench.recorder.abandon())
        await asyncio.sleep(0.01)
        assert not abandoning.done()
        bench.store.gate.set()
        await abandoning
        assert bench.store.counts() == [2]

    simulated(scenario)


def test_nothing_is_shown_before_it_is_durable() -> None:
    async def scenario(bench: Bench) -> None:
        bench.store.gate.clear()
        bench.recorder.begin_beam(1, LAYOUT)
        bench.wall.now_s = 1.0
        bench.samples(1)
        await asyncio.sleep(0.5)
        bench.samples(2)
        await asyncio.sleep(0.5)
        assert bench.progress == []
        bench.store.gate.set()
        await asyncio.sleep(0.5)
        assert bench.progress == [(1, 0.1), (1, 0.2)]

    simulated(scenario)


def test_taking_a_sample_never_waits_for_the_disk() -> None:
    async def scenario(bench: Bench) -> None:
        bench.store.gate.clear()
        bench.recorder.begin_beam(1, LAYOUT)
        for sequence in range(1, 200):
            bench.wall.now_s += 0.02
            bench.samples(sequence)
            await asyncio.sleep(0)
        assert bench.store.counts() == []
        bench.store.gate.set()
        telemetry = await bench.recorder.end_beam()
        assert telemetry.sequence.tolist() == list(range(1, 200))
        assert bench.faults == []

    simulated(scenario)


@pytest.mark.parametrize("limit", ["MAXIMUM_WAIT_S", "MAXIMUM_WAITING_ROWS"])
def test_a_queue_that_does_not_empty_is_told_once(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, limit, 3)

    async def scenario(bench: Bench) -> None:
        bench.store.gate.clear()
        bench.recorder.begin_beam(1, LAYOUT)
        for sequence in range(1, 50):
            bench.wall.now_s += 0.2
            bench.samples(sequence)
            await asyncio.sleep(0)
        assert [type(fault) for fault in bench.faults] == [StoreError]
        assert "wait for the disk" in str(bench.faults[0])
        bench.store.gate.set()
        telemetry = await bench.recorder.end_beam()
        assert telemetry.sequence.size == 49, "a fault drops nothing"

    simulated(scenario)


def test_a_failing_commit_is_told_once_and_none_is_tried_again() -> None:
    async def scenario(bench: Bench) -> None:
        bench.recorder.begin_beam(1, LAYOUT)
        bench.store.error = StoreError("the disk is full")
        for sequence in range(1, 20):
            bench.wall.now_s += 0.1
            bench.samples(sequence)
            await asyncio.sleep(0.1)
            bench.store.error = None
        assert [str(fault) for fault in bench.faults] == ["the disk is full"]
        assert bench.store.commits == []
        assert bench.progress == []
        for _ in range(2):
            with pytest.raises(StoreError, match="the disk is full"):
                await bench.recorder.end_beam()
        assert bench.store.events == [], "a beam with a hole is not sealed"
        await bench.recorder.abandon()

    simulated(scenario)


def test_what_waited_for_a_failed_commit_is_not_written_after_a_hole() -> None:
    async def scenario(bench: Bench) -> None:
        bench.recorder.begin_beam(1, LAYOUT)
        bench.store.gate.clear()
        bench.wall.now_s = 1.0
        bench.samples(1)
        bench.samples(2)
        await asyncio.sleep(0)
        bench.samples(3)
        await asyncio.sleep(1.5 * COMMIT_PERIOD_S)
        bench.store.error = StoreError("the disk is full")
        bench.store.gate.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        bench.store.error = None
        await asyncio.sleep(3 * COMMIT_PERIOD_S)
        assert bench.store.commits == []
        with pytest.raises(StoreError, match="the disk is full"):
            await bench.recorder.end_beam()

    simulated(scenario)


def test_a_commit_that_fails_at_the_end_is_raised() -> None:
    async def scenario(bench: Bench) -> None:
        bench.recorder.begin_beam(1, LAYOUT)
        bench.samples(1)
        bench.store.error = StoreError("the disk is full")
        with pytest.raises(StoreError, match="the disk is full"):
            await bench.recorder.end_beam()
        assert len(bench.faults) == 1

    simulated(scenario)


def test_ending_that_is_cancelled_loses_no_row() -> None:
    """The commit goes on in its thread: what it wrote is counted, and the beam can be ended."""

    async def scenario(bench: Bench) -> None:
        bench.store.gate.clear()
        bench.recorder.begin_beam(1, LAYOUT)
        bench.samples(1, 2, 3)
        ending = asyncio.create_task(bench.recorder.end_beam())
        await asyncio.sleep(0.01)
        ending.cancel()
        await asyncio.wait((ending,))
        bench.samples(4)
        bench.store.gate.set()
        telemetry = await bench.recorder.end_beam()
        assert telemetry.sequence.tolist() == [1, 2, 3, 4]
        assert bench.store.counts() == [3, 1]

    simulated(scenario)


@pytest.mark.parametrize(
    ("sequences", "lost"),
    [
        ((), 0),
        ((7,), 0),
        ((1, 2, 3, 4), 0),
        ((1, 3), 1),
        ((1, 10, 20), 8 + 9),
        ((1, 2, 2, 3), 0),
        ((5, 6, 3, 4, 5, 6, 7), 0),
        ((1, 2, 5, 3, 4, 6), 2),
        ((1, 5, 1, 5), 3),
    ],
)
def test_lost_samples_are_counted(sequences: tuple[int, ...], lost: int) -> None:
    """A gap counts what is missing; a repeated or late sample is no gap and closes none."""

    async def scenario(bench: Bench) -> None:
        assert bench.recorder.lost_samples == 0
        bench.recorder.begin_beam(1, LAYOUT)
        bench.samples(*sequences)
        assert bench.recorder.lost_samples == lost
        telemetry = await bench.recorder.end_beam()
        assert telemetry.sequence.tolist() == list(sequences)
        assert bench.store.events[0][1]["lost"] == lost
        assert bench.recorder.lost_samples == lost

    simulated(scenario)


def test_samples_lost_before_the_first_of_a_beam_are_counted() -> None:
    async def scenario(bench: Bench) -> None:
        bench.recorder.begin_beam(1, LAYOUT, last_sequence=4)
        bench.samples(7, 8)
        assert bench.recorder.lost_samples == 2

    simulated(scenario)


def test_each_beam_counts_for_itself() -> None:
    async def scenario(bench: Bench) -> None:
        for beam, first in ((1, 1), (2, 100)):
            bench.recorder.begin_beam(beam, LAYOUT)
            bench.samples(first, first + 2)
            await bench.recorder.end_beam()
        assert [(body["beam"], body["lost"]) for _, body in bench.store.events] == [(1, 1), (2, 1)]
        assert [(beam, count) for beam, _, count in bench.store.commits] == [(1, 2), (2, 2)]

    simulated(scenario)


def test_samples_outside_of_a_beam_are_refused() -> None:
    async def scenario(bench: Bench) -> None:
        for _ in range(2):
            with pytest.raises(StoreError, match="no beam"):
                bench.samples(1)
            with pytest.raises(StoreError, match="no beam"):
                bench.recorder.couch_sample(couch(1, 0.0))
            with pytest.raises(StoreError, match="no beam"):
                await bench.recorder.end_beam()
            bench.recorder.begin_beam(1, LAYOUT)
            await bench.recorder.end_beam()

    simulated(scenario)


def test_telemetry_is_what_came() -> None:
    async def scenario(bench: Bench) -> None:
        bench.recorder.begin_beam(3, LAYOUT)
        bench.recorder.couch_sample(couch(10, 1.5))
        bench.samples(1, 2)
        bench.recorder.couch_sample(couch(20, 2.5))
        telemetry = await bench.recorder.end_beam()
        assert telemetry.beam_number == 3
        assert telemetry.layout == LAYOUT
        assert telemetry.meterset_mu.tolist() == [0.1, 0.2]
        np.testing.assert_array_equal(
            telemetry.positions, [sample(1).positions, sample(2).positions]
        )
        assert telemetry.couch_time_ns.tolist() == [10, 20]
        assert telemetry.couch_mm[Axis.COUCH_LATERAL].tolist() == [1.5, 2.5]

    simulated(scenario)


@settings(max_examples=30, deadline=None)
@given(pauses_s=st.lists(st.floats(0.0, 0.3), min_size=1, max_size=30))
def test_the_seal_does_not_depend_on_when_the_wall_let_commits_happen(
    pauses_s: list[float],
) -> None:
    async def scenario(bench: Bench) -> None:
        bench.recorder.begin_beam(1, LAYOUT)
        for sequence, pause_s in enumerate(pauses_s, start=1):
            bench.wall.now_s += pause_s
            bench.samples(sequence)
            await asyncio.sleep(0.02)
        await bench.recorder.end_beam()

    async def at_once(bench: Bench) -> None:
        bench.recorder.begin_beam(1, LAYOUT)
        bench.samples(*range(1, len(pauses_s) + 1))
        await bench.recorder.end_beam()

    one, other = simulated(scenario), simulated(at_once)
    assert one.store.events == other.store.events
    rows = b"".join(rows for _, rows, _ in one.store.commits)
    assert rows == b"".join(rows for _, rows, _ in other.store.commits)
    assert len(rows) == ROW_BYTES * len(pauses_s)
