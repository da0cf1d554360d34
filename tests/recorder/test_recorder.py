"""Durable first, in groups, and told once when it cannot be."""

import asyncio

import pytest

from gateway.delivery import recorder as recorder_module
from gateway.delivery.recorder import COMMIT_PERIOD_S
from gateway.domain.errors import StoreError
from gateway.formats.telemetry_rows import row_dtype
from tests.recorder.bench import Bench, simulated
from tests.recorder.fakes import LAYOUT

ROW_BYTES = row_dtype(LAYOUT).itemsize


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
