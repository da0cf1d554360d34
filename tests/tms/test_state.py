"""The state table, against the cells of PS3.4 Table CC.1.1-2 written down again by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.tms import state, statuses
from simulators.tms.state import Ruling, State

CELLS = {
    "IN PROGRESS": {"SCHEDULED": 0x0000, "IN PROGRESS": 0xC302, "COMPLETED": 0xC300}
    | {"CANCELED": 0xC300},
    "COMPLETED": {"SCHEDULED": 0xC310, "IN PROGRESS": 0x0000, "COMPLETED": 0xB306}
    | {"CANCELED": 0xC300},
    "CANCELED": {"SCHEDULED": 0xC310, "IN PROGRESS": 0x0000, "COMPLETED": 0xC300}
    | {"CANCELED": 0xB304},
    "SCHEDULED": dict.fromkeys(State, 0xC303),
}
CASES = [(wanted, held, status) for wanted, row in CELLS.items() for held, status in row.items()]


@pytest.mark.parametrize(("wanted", "held", "status"), CASES)
def test_each_cell_of_the_table(wanted: str, held: str, status: int) -> None:
    uid = "" if held == "SCHEDULED" else "1.2.3"
    ruling = state.change(State(held), wanted, uid, "1.2.3", "")
    assert ruling.status == status
    assert bool(ruling.becomes) == (status == 0)


@pytest.mark.parametrize("wanted", ["COMPLETED", "CANCELED"])
@pytest.mark.parametrize("held", ["IN PROGRESS", "COMPLETED", "CANCELED"])
@pytest.mark.parametrize("given_uid", ["", "1.2.4"])
def test_a_wrong_transaction_uid_is_refused_first(held: str, wanted: str, given_uid: str) -> None:
    ruling = state.change(State(held), wanted, "1.2.3", given_uid, "something")
    assert ruling == Ruling(0xC301)


def test_a_second_claim_meets_a_step_in_progress() -> None:
    ruling = state.change(State.IN_PROGRESS, "IN PROGRESS", "1.2.3", "1.2.4", "")
    assert ruling == Ruling(0xC302)


def test_a_claim_brings_a_transaction_uid() -> None:
    assert state.change(State.SCHEDULED, "IN PROGRESS", "", "", "") == Ruling(0xC301)


def test_what_is_no_state_is_refused() -> None:
    assert state.change(State.SCHEDULED, "DONE", "", "1.2.3", "") == Ruling(0x0115)


def test_a_request_to_cancel() -> None:
    assert state.request_cancel(State.SCHEDULED, 0) == Ruling(
        0x0000, (State.IN_PROGRESS, State.CANCELED)
    )
    assert state.request_cancel(State.IN_PROGRESS, 1) == Ruling(0x0000)
    assert state.request_cancel(State.IN_PROGRESS, 0) == Ruling(0xC312)
    assert state.request_cancel(State.COMPLETED, 1) == Ruling(0xC311)
    assert state.request_cancel(State.CANCELED, 1) == Ruling(0xB304)


states = st.sampled_from(State)
uids = st.sampled_from(["", "1.2.3", "1.2.4"])


@given(states, st.sampled_from([*State, "DONE", ""]), uids, uids, st.sampled_from(["", "lack"]))
def test_only_success_changes_a_state(
    held: State, wanted: str, holder: str, given_uid: str, lacking: str
) -> None:
    ruling = state.change(held, wanted, holder, given_uid, lacking)
    assert bool(ruling.becomes) == (ruling.status == statuses.SUCCESS)
    assert held not in state.FINAL or not ruling.becomes
    if state.FINAL.intersection(ruling.becomes):
        assert given_uid
        assert not lacking


@given(states, uids, uids)
def test_an_update_needs_the_holder(held: State, holder: str, given_uid: str) -> None:
    ruling = state.update(held, holder, given_uid)
    assert not ruling.becomes
    if ruling.status == statuses.SUCCESS:
        assert held not in state.FINAL
        assert given_uid == ("" if held is State.SCHEDULED else holder)
