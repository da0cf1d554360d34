"""What may be set on a step when, and what its final states need (PS3.4 Table CC.2.5-3)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from simulators.tms import attributes
from simulators.tms.attributes import Final, Use
from simulators.tms.data import Code, item, text
from simulators.tms.events import Report
from simulators.tms.worklist import Rules, Worklist
from tests.tms.builders import NOW, claim, discontinued, performed, progress, step

UID, TRANSACTION = "1.2.9.1", "1.2.3"
REQUIRED = attributes.to_be_created()
VALUED = [row.keyword for row in attributes.TABLE if row.create is Use.VALUED]
FIXED = [
    row.keyword
    for row in attributes.TABLE
    if row.change is Use.FORBIDDEN and row.keyword != "ProcedureStepState"
]
NEEDED_WHEN_COMPLETED = [row.keyword for row in attributes.PERFORMED]


def worklist(told: list[Report] | None = None) -> Worklist:
    reports: list[Report] = [] if told is None else told
    return Worklist(Rules(("WATCH",), grants_locks=True, clock=lambda: NOW), reports.append)


def claimed(told: list[Report] | None = None) -> Worklist:
    made = worklist(told)
    assert made.create(UID, step()).status == 0x0000
    assert made.change_state(UID, claim(TRANSACTION)).status == 0x0000
    return made


@pytest.mark.parametrize("keyword", REQUIRED)
def test_a_creation_without_an_attribute_is_refused(keyword: str) -> None:
    reply = worklist().create(UID, step(**{keyword: None}))
    assert reply.status == 0x0120
    assert keyword in reply.comment


@pytest.mark.parametrize("keyword", VALUED)
def test_a_creation_with_an_empty_type_1_attribute_is_refused(keyword: str) -> None:
    reply = worklist().create(UID, step(**{keyword: ""}))
    assert reply.status == 0x0121
    assert keyword in reply.comment


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"ProcedureStepState": "IN PROGRESS"}, 0xC309),
        ({"ProcedureStepState": "COMPLETED"}, 0xC309),
        ({"TransactionUID": "1.2.3"}, 0x0106),
        ({"UnifiedProcedureStepPerformedProcedureSequence": [item(StudyID="1")]}, 0x0106),
        ({"ProcedureStepProgressInformationSequence": [item(StudyID="1")]}, 0x0106),
        ({"SOPInstanceUID": UID}, 0x0105),
        ({"ScheduledProcedureStepPriority": "URGENT"}, 0x0106),
        ({"InputReadinessState": "MAYBE"}, 0x0106),
        ({"WorklistLabel": ""}, 0xB300),
        ({}, 0x0000),
    ],
)
def test_creations(changes: dict[str, Any], status: int) -> None:
    assert worklist().create(UID, step(**changes)).status == status


def test_a_worklist_label_is_filled_in() -> None:
    made = worklist()
    made.create(UID, step(WorklistLabel=""))
    assert text(made.item(UID).dataset, "WorklistLabel")


def test_the_scp_says_what_the_step_is_and_when_it_was_modified() -> None:
    made = worklist()
    made.create(UID, step())
    dataset = made.item(UID).dataset
    assert text(dataset, "SOPClassUID") == "1.2.840.10008.5.1.4.34.6.1"
    assert text(dataset, "SOPInstanceUID") == UID
    modified = text(dataset, "ScheduledProcedureStepModificationDateTime")
    assert modified == "20260304123015.250+0000"


@pytest.mark.parametrize("keyword", FIXED)
def test_what_is_fixed_after_the_creation_is_not_set(keyword: str) -> None:
    update = item(TransactionUID=TRANSACTION)
    setattr(update, keyword, [] if keyword.endswith("Sequence") else "")
    reply = claimed().set(UID, update)
    assert reply.status == 0x0105
    assert keyword in reply.comment


@pytest.mark.parametrize(
    ("state", "status"), [("SCHEDULED", 0xC303), ("COMPLETED", 0x0105), ("", 0x0105)]
)
def test_a_state_is_not_set(state: str, status: int) -> None:
    update = item(TransactionUID=TRANSACTION, ProcedureStepState=state)
    assert claimed().set(UID, update).status == status


def test_output_information_belongs_to_what_was_performed() -> None:
    update = performed(TRANSACTION, OutputInformationSequence=None)
    reply = claimed().set(UID, update)
    assert reply.status == 0x0120
    assert "OutputInformationSequence" in reply.comment


@pytest.mark.parametrize("keyword", NEEDED_WHEN_COMPLETED)
def test_a_completion_lacks_what_was_performed(keyword: str) -> None:
    made = claimed()
    empty: object = [] if keyword.endswith("Sequence") else ""
    assert made.set(UID, performed(TRANSACTION, **{keyword: empty})).status == 0x0000
    reply = made.change_state(UID, claim(TRANSACTION, "COMPLETED"))
    if keyword == "OutputInformationSequence":  # there may have been no output
        assert reply.status == 0x0000
    else:
        assert reply.status == 0xC304
        assert keyword in reply.comment


def test_a_cancellation_says_why_and_when() -> None:
    made = claimed()
    assert made.set(UID, progress(40, TRANSACTION)).status == 0x0000
    reply = made.change_state(UID, claim(TRANSACTION, "CANCELED"))
    assert reply.status == 0xC304
    assert "ProcedureStepDiscontinuationReasonCodeSequence" in reply.comment
    made.set(UID, discontinued(TRANSACTION))
    assert made.change_state(UID, claim(TRANSACTION, "CANCELED")).status == 0x0000
    (told,) = made.item(UID).dataset.ProcedureStepProgressInformationSequence
    assert text(told, "ProcedureStepCancellationDateTime") == "20260304123015.250+0000"


def test_a_cancelled_appointment_has_a_final_state_too() -> None:
    made = worklist()
    made.create(UID, step())
    request = item(ReasonForCancellation="The patient went home")
    assert made.request_cancel(UID, request, "CLERK").status == 0x0000
    (told,) = made.item(UID).dataset.ProcedureStepProgressInformationSequence
    assert told.ReasonForCancellation == "The patient went home"
    assert told.ProcedureStepDiscontinuationReasonCodeSequence[0].CodeValue == "110513"


def test_only_finished_steps_that_nobody_locks_are_forgotten() -> None:
    made = worklist()
    for uid in ("1.2.9.1", "1.2.9.2", "1.2.9.3"):
        made.create(uid, step())
    made.subscribe("1.2.9.2", item(ReceivingAE="WATCH", DeletionLock="TRUE"))
    for uid in ("1.2.9.1", "1.2.9.2"):
        made.request_cancel(uid, Dataset(), "CLERK")
    assert made.forget_finished() == ["1.2.9.1"]
    made.unsubscribe("1.2.9.2", item(ReceivingAE="WATCH"))
    assert made.forget_finished() == ["1.2.9.2"]
    assert made.uids() == ["1.2.9.3"]


def test_a_lock_that_is_not_granted_is_told() -> None:
    made = Worklist(Rules(("WATCH",), grants_locks=False, clock=lambda: NOW), lambda _: None)
    made.create(UID, step())
    subscription = item(ReceivingAE="WATCH", DeletionLock="TRUE")
    assert made.subscribe(UID, subscription).status == 0xB301
    made.request_cancel(UID, Dataset(), "CLERK")
    assert made.forget_finished() == [UID]


def test_events_name_what_they_are_about() -> None:
    told: list[Report] = []
    made = claimed(told)
    made.subscribe(UID, item(ReceivingAE="WATCH", DeletionLock="FALSE"))
    made.set(UID, progress(40, TRANSACTION))
    made.set(
        UID,
        item(
            TransactionUID=TRANSACTION,
            ScheduledStationNameCodeSequence=[Code("LINAC2", "99LOCAL", "LINAC2").item()],
        ),
    )
    made.request_cancel(UID, item(ReasonForCancellation="Alarm"), "CLERK")
    assert [report.event_type for report in told] == [1, 3, 5, 2]
    state, going, assigned, cancelled = (report.dataset for report in told)
    assert (state.ProcedureStepState, state.InputReadinessState) == ("IN PROGRESS", "READY")
    assert going.ProcedureStepProgressInformationSequence[0].ProcedureStepProgress == 40
    assert assigned.ScheduledStationNameCodeSequence[0].CodeValue == "LINAC2"
    assert (cancelled.RequestingAE, cancelled.ReasonForCancellation) == ("CLERK", "Alarm")


@given(st.lists(st.sampled_from([row.keyword for row in attributes.TABLE]), unique=True))
def test_every_creation_that_lacks_something_is_refused(absent: list[str]) -> None:
    dataset = step()
    for keyword in absent:
        dataset.pop(keyword, None)
    made = worklist()
    reply = made.create(UID, dataset)
    lacking = set(absent) & set(REQUIRED)
    assert bool(lacking) == (reply.status != 0x0000)
    assert (UID in made.uids()) == (not lacking)


def test_final_states_are_asked_for_what_the_table_says() -> None:
    codes = {row.keyword: row.final for row in attributes.TABLE}
    assert codes["UnifiedProcedureStepPerformedProcedureSequence"] is Final.COMPLETED
    assert codes["ProcedureStepProgressInformationSequence"] is Final.CANCELED
    assert codes["InputReadinessState"] is Final.ALWAYS
