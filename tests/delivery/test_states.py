"""The two tables: nothing happens that they do not list, and the invariants of the page hold."""

from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.delivery.beam_state import BEAMING, BeamState
from gateway.delivery.diagram import mermaid
from gateway.delivery.states import (
    DELIVERY_TABLE,
    LINK_TABLE,
    DeliveryEvent,
    DeliveryState,
    LinkEvent,
    LinkState,
    step,
)
from gateway.domain.delivery import MachineState
from gateway.domain.errors import LocalProtocolError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "states.md"
LIVE = {DeliveryState.LOADED, DeliveryState.PREPARED, DeliveryState.BEAM_ON, DeliveryState.HELD}
ENDED = {DeliveryState.COMPLETE, DeliveryState.TERMINATED, DeliveryState.FAULT}
COMMANDS = (
    DeliveryEvent.LOAD,
    DeliveryEvent.PREPARE,
    DeliveryEvent.BEAM_ON,
    DeliveryEvent.TERMINATE,
    DeliveryEvent.UNLOAD,
)


class Beam(RuleBasedStateMachine):
    """Commands of ours and words of the machine in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.beam = BeamState()
        self.since_load: list[DeliveryState] = []

    @rule(event=st.sampled_from(COMMANDS))
    def command(self, event: DeliveryEvent) -> None:
        before = self.beam.now
        try:
            self.beam.command(event)
        except LocalProtocolError:
            assert (before, event) not in DELIVERY_TABLE
            assert self.beam.now is before
            return
        self.moved(before, event)

    @rule(told=st.sampled_from(MachineState))
    def hear(self, told: MachineState) -> None:
        before = self.beam.now
        wrong = self.beam.follow(told)
        if wrong is not None:
            assert self.beam.now is before
            assert told.name in wrong
        elif told in BEAMING:
            assert self.beam.now in (DeliveryState.BEAM_ON, DeliveryState.HELD)
        self.moved(before, None)

    def moved(self, before: DeliveryState, event: DeliveryEvent | None) -> None:
        if self.beam.now is DeliveryState.IDLE:
            self.since_load = []
        self.since_load.append(self.beam.now)
        if before in ENDED and self.beam.now is not before:
            assert event is DeliveryEvent.UNLOAD

    @invariant()
    def on_only_after_a_preparation(self) -> None:
        if self.beam.now in (DeliveryState.BEAM_ON, DeliveryState.HELD):
            assert DeliveryState.PREPARED in self.since_load

    @precondition(lambda self: self.beam.now in LIVE)
    @rule()
    def terminate(self) -> None:
        self.beam.command(DeliveryEvent.TERMINATE)
        assert self.beam.ended
        self.moved(DeliveryState.LOADED, DeliveryEvent.TERMINATE)


TestBeam = Beam.TestCase


@pytest.mark.parametrize("told", sorted(BEAMING))
@pytest.mark.parametrize(
    "commands", [COMMANDS[:n] for n in (0, 1, 2)], ids=["idle", "loaded", "prepared"]
)
def test_a_beam_that_nobody_commanded_is_told(
    told: MachineState, commands: tuple[DeliveryEvent, ...]
) -> None:
    beam = BeamState()
    for event in commands:
        beam.command(event)
    assert f"the machine says {told.name}" in (beam.follow(told) or "")


def test_terminate_is_possible_wherever_a_beam_is_loaded() -> None:
    assert {state for state, event in DELIVERY_TABLE if event is DeliveryEvent.TERMINATE} == LIVE


def test_there_is_a_way_back_to_idle_from_every_state() -> None:
    home = {DeliveryState.IDLE}
    for _ in DeliveryState:
        home |= {state for (state, _), to in DELIVERY_TABLE.items() if to in home}
    assert home == set(DeliveryState)


def test_a_closed_link_stays_closed_and_any_other_can_be_closed() -> None:
    assert not [state for state, _ in LINK_TABLE if state is LinkState.CLOSED]
    ready_from = {state for (state, _), to in LINK_TABLE.items() if to is LinkState.READY}
    assert ready_from == {LinkState.NEGOTIATING}
    closable = {state for state, event in LINK_TABLE if event is LinkEvent.CLOSE}
    assert closable == set(LinkState) - {LinkState.CLOSED}


def test_refusal_names_state_and_event() -> None:
    with pytest.raises(LocalProtocolError, match="welcomed is not possible while disconnected"):
        step(LINK_TABLE, LinkState.DISCONNECTED, LinkEvent.WELCOMED)


def test_the_page_shows_the_tables_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for drawn in (
        mermaid(LINK_TABLE, LinkState.DISCONNECTED),
        mermaid(DELIVERY_TABLE, DeliveryState.IDLE),
    ):
        assert f"```mermaid\n{drawn}\n```" in page, "run tools/draw-states"
