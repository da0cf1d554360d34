"""The two tables: nothing happens that they do not list, and their invariants hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.states import (
    DELIVERY_TABLE,
    LINK_TABLE,
    DeliveryEvent,
    DeliveryState,
    LinkEvent,
    LinkState,
    step,
)
from gateway.domain.errors import LocalProtocolError


@given(st.lists(st.sampled_from(DeliveryEvent), max_size=30))
def test_beam_is_on_only_after_preparation_and_never_after_its_end(
    happening: list[DeliveryEvent],
) -> None:
    state, prepared = DeliveryState.IDLE, False
    for event in happening:
        before = state
        try:
            state = step(DELIVERY_TABLE, state, event)
        except LocalProtocolError:
            assert (before, event) not in DELIVERY_TABLE
            continue
        prepared = (prepared or event is DeliveryEvent.PREPARE) and state is not DeliveryState.IDLE
        if state is DeliveryState.BEAM_ON:
            assert prepared
            assert before in (DeliveryState.PREPARED, DeliveryState.HELD)
        if before in (DeliveryState.COMPLETE, DeliveryState.TERMINATED, DeliveryState.FAULT):
            assert event is DeliveryEvent.UNLOAD


def test_terminate_is_possible_wherever_a_beam_is_loaded() -> None:
    live = {DeliveryState.LOADED, DeliveryState.PREPARED, DeliveryState.BEAM_ON, DeliveryState.HELD}
    assert {state for state, event in DELIVERY_TABLE if event is DeliveryEvent.TERMINATE} == live


def test_a_closed_link_stays_closed() -> None:
    assert not [state for state, _ in LINK_TABLE if state is LinkState.CLOSED]
    ready_from = {state for (state, _), to in LINK_TABLE.items() if to is LinkState.READY}
    assert ready_from == {LinkState.NEGOTIATING}


def test_refusal_names_state_and_event() -> None:
    with pytest.raises(LocalProtocolError, match="welcomed is not possible while disconnected"):
        step(LINK_TABLE, LinkState.DISCONNECTED, LinkEvent.WELCOMED)
