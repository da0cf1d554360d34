"""What follows what: no claim twice, no delivery twice, and every claim comes to an end."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.nodestore.steps import ENDS, Phase
from gateway.app.node.worklist_phases import NEXT, Happened, advanced, closed, news, stopped
from gateway.domain.units import NS_PER_S
from gateway.domain.worklist import StepState
from tests.worklist.builders import step

ORDER = list(Phase)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Phase], list[Happened]]:
    """A way through the table: phases, and what happened between them."""
    phases, happened = [Phase.WANTED], []
    for _ in range(draw(st.integers(0, 30))):
        possible = [what for phase, what in NEXT if phase is phases[-1]]
        if not possible:
            break
        happened.append(draw(st.sampled_from(possible)))
        phases.append(NEXT[phases[-1], happened[-1]])
    return phases, happened


@given(histories())
def test_a_claim_and_a_delivery_happen_once(history: tuple[list[Phase], list[Happened]]) -> None:
    _, happened = history
    counts = Counter(happened)
    once = set(Happened) - {Happened.WAITS}
    assert all(counts[what] <= 1 for what in once)
    if Happened.ENDED in happened or Happened.NOT_BEGUN in happened:
        assert happened.index(Happened.GRANTED) < happened.index(Happened.READY)


@given(histories())
def test_what_was_claimed_is_closed_or_lost(history: tuple[list[Phase], list[Happened]]) -> None:
    phases, happened = history
    if Happened.GRANTED in happened and phases[-1] in ENDS:
        assert phases[-1] in {Phase.COMPLETED, Phase.CANCELED, Phase.LOST}
    if phases[-1] is Phase.NOT_CLAIMED:
        assert Happened.GRANTED not in happened


@given(histories())
def test_phases_never_go_back(history: tuple[list[Phase], list[Happened]]) -> None:
    phases, _ = history
    places = [ORDER.index(phase) for phase in phases]
    assert places == sorted(places)


def test_every_phase_has_a_way_out_and_every_end_is_one() -> None:
    for phase in Phase:
        ways = {following for (before, _), following in NEXT.items() if before is phase}
        assert bool(ways - {phase}) == (phase not in ENDS)
        if phase in ENDS:
            assert not ways


def test_what_cannot_happen_is_refused() -> None:
    pairs = [(phase, what) for phase in Phase for what in Happened if (phase, what) not in NEXT]
    for phase, what in pairs:
        with pytest.raises(ValueError, match="cannot be told"):
            advanced(step(phase=phase), news(what), 0)


@given(st.integers(1, 40))
def test_waiting_grows_and_ends(failures: int) -> None:
    waiting = step(phase=Phase.REPORTING, changed_ns=7, final="CANCELED")
    now_ns = 10 * NS_PER_S
    for tries in range(1, failures + 1):
        waiting = advanced(waiting, news(Happened.WAITS, waiting="away"), now_ns)
        assert (waiting.phase, waiting.tries, waiting.changed_ns) == (Phase.REPORTING, tries, 7)
        assert 0 < waiting.next_try_ns - now_ns <= 360 * NS_PER_S
    told = advanced(waiting, news(Happened.TOLD), now_ns)
    assert (told.phase, told.waiting, told.tries, told.next_try_ns) == (Phase.CLOSING, "", 0, 0)


def test_the_end_is_that_of_the_manager() -> None:
    ends: Sequence[tuple[StepState, Phase]] = (
        (StepState.COMPLETED, Phase.COMPLETED),
        (StepState.CANCELED, Phase.CANCELED),
    )
    for state, phase in ends:
        closing = step(phase=Phase.CLOSING, final=state.value)
        assert advanced(closing, closed(closing.final_state), 1).phase is phase


def test_what_is_stopped_is_canceled_with_its_reason() -> None:
    ended = advanced(step(phase=Phase.CLAIMED), stopped("a wrong plan", 5), 5)
    assert (ended.phase, ended.final_state) == (Phase.REPORTING, StepState.CANCELED)
    assert (ended.reason, ended.ended_ns) == ("a wrong plan", 5)
