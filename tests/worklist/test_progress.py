"""Progress is told at a bounded rate, the newest first, and never holds a beam up."""

import asyncio
import logging

import pytest

from gateway.app.node.worklist_progress import ProgressTeller
from gateway.domain.errors import LinkLost
from gateway.domain.worklist import Progress
from gateway.timeloop import run

SPANS = {1: (0.0, 30.0), 2: (10.0, 80.0)}
PERIOD_S = 2.0


async def delivered(teller: ProgressTeller, steps: int, step_s: float) -> None:
    """Both beams, one after the other, told in small steps."""
    async with teller:
        for number, (start_mu, end_mu) in SPANS.items():
            for place in range(1, steps + 1):
                teller.note(number, start_mu + (end_mu - start_mu) * place / steps, end_mu)
                await asyncio.sleep(step_s)


def test_what_is_told_is_bounded_ordered_and_ends_at_the_end() -> None:
    told: list[Progress] = []
    run(delivered(ProgressTeller(SPANS, told.append, PERIOD_S), 100, 0.1), None)
    percents = [progress.percent for progress in told]
    assert percents == sorted(percents)
    assert 10 <= len(told) <= 12  # 20 s of beam, every 2 s, and the end
    assert told[-1] == Progress(100.0, 2)
    assert {progress.beam_number for progress in told} == {1, 2}
    assert told[0].percent == pytest.approx(0.3)


def test_a_manager_that_is_away_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[Progress] = []

    def lost(progress: Progress) -> None:
        calls.append(progress)
        if not 3 < len(calls) < 6:
            raise LinkLost("TMS ended the association")

    with caplog.at_level(logging.WARNING):
        run(delivered(ProgressTeller(SPANS, lost, PERIOD_S), 100, 0.1), None)
    said = [record.message for record in caplog.records]
    assert said == ["TMS ended the association; the treatment goes on"] * 2


def test_nothing_is_told_of_nothing() -> None:
    told: list[Progress] = []

    async def nothing() -> None:
        async with ProgressTeller({}, told.append, PERIOD_S) as teller:
            assert teller.latest is None

    run(nothing(), None)
    assert told == []


def test_a_continuation_counts_from_where_it_starts() -> None:
    told: list[Progress] = []

    async def half() -> None:
        async with ProgressTeller({2: (10.0, 80.0)}, told.append, PERIOD_S) as teller:
            teller.note(2, 45.0, 80.0)

    run(half(), None)
    assert told == [Progress(50.0, 2)]
