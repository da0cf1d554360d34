"""What the recorder makes of a beam's samples: counts, telemetry and its seal."""

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.axes import Axis
from gateway.domain.errors import StoreError
from gateway.formats.telemetry_rows import row_dtype
from tests.recorder.bench import Bench, simulated
from tests.recorder.fakes import LAYOUT, couch, sample

ROW_BYTES = row_dtype(LAYOUT).itemsize


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
