"""Folding events: nothing uncertain passes for certain, nothing is counted twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.ledger import fold, fraction_state, unresolved
from gateway.domain.delivery import DeliveryOutcome
from tests.delivery.builders import beam_end, events, intent

ON1, ON2 = ("beam-on", {"beam": 1}), ("beam-on", {"beam": 2})
END = ("end", {"outcome": "complete"})


def outcome(*bodies: tuple[str, dict[str, object]]) -> DeliveryOutcome:
    entry = fold(events(*bodies))
    assert entry is not None
    return entry.outcome


def test_events_without_an_intent_are_no_delivery() -> None:
    assert fold(events(ON1, END)) is None


def test_complete_only_when_every_beam_ended_normally() -> None:
    whole = (intent(), ON1, beam_end(1, 100.0), ON2, beam_end(2, 100.0))
    assert outcome(*whole, END) is DeliveryOutcome.COMPLETE
    stopped = (intent(), ON1, beam_end(1, 100.0), ON2, beam_end(2, 40.0, "OPERATOR"), END)
    assert outcome(*stopped) is DeliveryOutcome.TERMINATED


def test_a_beam_that_was_on_is_uncertain_until_it_is_counted() -> None:
    killed = (intent(), ON1)
    assert outcome(*killed) is DeliveryOutcome.UNRESOLVED
    counted = (
        *killed,
        ("counter", {"beam": 1, "meterset_mu": 31.5, "by": "machine", "reason": ""}),
        END,
    )
    assert outcome(*counted) is DeliveryOutcome.TERMINATED
    lost = (*killed, beam_end(1, None, "UNKNOWN"), END)
    assert outcome(*lost) is DeliveryOutcome.UNRESOLVED


def test_a_delivery_without_an_end_is_unresolved_even_between_beams() -> None:
    assert outcome(intent(), ON1, beam_end(1, 100.0)) is DeliveryOutcome.UNRESOLVED


def test_an_unresolved_delivery_blocks_its_plan_only() -> None:
    entry = fold(events(intent(), ON1))
    assert entry is not None
    assert unresolved([entry], "1.2.3") is entry
    assert unresolved([entry], "1.2.4") is None


@given(st.lists(st.floats(0.1, 99.9), min_size=1, max_size=5, unique=True))
def test_continuations_add_up_to_the_last_counter(stops: list[float]) -> None:
    entries = []
    start = 0.0
    for number, stop in enumerate(sorted(stops)):
        beams = [{"number": 1, "name": "b", "planned_mu": 100.0, "start_meterset_mu": start}]
        told = events(
            intent(beams=beams), ON1, beam_end(1, stop, "MACHINE"), END, delivery_id=f"D{number}"
        )
        entry = fold(told)
        assert entry is not None
        entries.append(entry)
        start = stop
    state = fraction_state(entries, "1.2.3", 1, 1)
    assert state.delivered_mu[1] == max(stops)
    assert state.begun(1)
    assert not state.complete(1, 100.0)
    assert not fraction_state(entries, "1.2.3", 1, 2).begun(1)


@pytest.mark.parametrize("end_mu", [99.99, 100.0])
def test_a_normal_end_within_a_pulse_is_the_whole_beam(end_mu: float) -> None:
    entry = fold(events(intent(), ON1, beam_end(1, end_mu), END))
    assert entry is not None
    assert fraction_state([entry], "1.2.3", 1, 1).complete(1, 100.0)
