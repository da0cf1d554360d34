"""Event reports that come: kept before they are answered, and believed of two senders only."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import build_role

from gateway.dicom.sop_classes import (
    RT_CONVENTIONAL_VERIFICATION,
    UPS_EVENT,
    UPS_GLOBAL_SUBSCRIPTION,
    UPS_PUSH,
)
from gateway.dicom.ups.events import read_step_event, read_verification_event
from gateway.domain.errors import InputError
from simulators.tms.entity import Entity
from tests.worklist.bench import HOST, TITLE, Bench, bench
from tests.worklist.builders import item

OURS, FOREIGN = "1.2.3", "1.2.4"
SUCCESS, INVALID, NOT_AUTHORISED = 0x0000, 0x0115, 0x0124


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("bench"), verifier="MPV") as started:
        started.want(OURS)
        yield started


def reported(
    running: Bench, caller: str, uid: str, event_type: int, told: Dataset, **classes: Any
) -> int:
    """The status of an event report from ``caller``, in an association of its own."""
    context = classes.get("context", UPS_EVENT)
    entity = Entity(caller)
    entity.add_requested_context(context)
    association = entity.associate(
        HOST,
        running.port,
        ae_title=TITLE,
        ext_neg=[build_role(context, scp_role=True)],
        bind_address=(HOST, 0),
    )
    assert association.is_established
    sop_class = classes.get("sop_class", UPS_PUSH)
    status, _ = association.send_n_event_report(told, event_type, sop_class, uid, meta_uid=context)
    association.release()
    return int(status.Status)


def kept(running: Bench, uid: str) -> list[tuple[int, str]]:
    return [(one.event_type, one.told.state) for one in running.steps.events(uid, range(10))]


def test_what_the_manager_tells_of_our_steps_is_kept(running: Bench) -> None:
    before = len(kept(running, OURS))
    told = item(ProcedureStepState="IN PROGRESS", InputReadinessState="READY")
    assert reported(running, "TMS", OURS, 1, told) == SUCCESS
    assert reported(running, "TMS", OURS, 3, told, sop_class=UPS_EVENT) == SUCCESS
    assert kept(running, OURS)[before:] == [(1, "IN PROGRESS"), (3, "IN PROGRESS")]


def test_steps_of_others_are_not_remembered(running: Bench) -> None:
    assert reported(running, "TMS", FOREIGN, 1, item(ProcedureStepState="CANCELED")) == SUCCESS
    assert kept(running, FOREIGN) == []


def test_a_restart_of_the_manager_is_remembered(running: Bench) -> None:
    told = item(SCPStatus="RESTARTED")
    assert reported(running, "TMS", UPS_GLOBAL_SUBSCRIPTION, 4, told) == SUCCESS
    assert kept(running, UPS_GLOBAL_SUBSCRIPTION) == [(4, "RESTARTED")]


@pytest.mark.parametrize("caller", ["MPV", "OST", "STRANGER"])
def test_others_cannot_cancel(running: Bench, caller: str) -> None:
    told = item(ReasonForCancellation="because", RequestingAE=caller)
    assert reported(running, caller, OURS, 2, told) == NOT_AUTHORISED
    assert running.steps.cancellation(OURS) == ""


def test_events_that_there_are_not_are_refused(running: Bench) -> None:
    assert reported(running, "TMS", OURS, 6, item(RequestingAE="TMS")) == INVALID


def test_verdicts_come_from_the_verifier(running: Bench) -> None:
    told = item(TreatmentVerificationStatus="VERIFIED")
    verification = {
        "context": RT_CONVENTIONAL_VERIFICATION,
        "sop_class": RT_CONVENTIONAL_VERIFICATION,
    }
    assert reported(running, "MPV", "2.25.9", 2, told, **verification) == SUCCESS
    assert reported(running, "TMS", "2.25.9", 2, told, **verification) == NOT_AUTHORISED
    assert reported(running, "MPV", "2.25.9", 3, told, **verification) == INVALID
    assert kept(running, "2.25.9") == [(2, "VERIFIED")]


def test_a_reason_may_be_a_code() -> None:
    reason = item(CodeValue="110514", CodingSchemeDesignator="DCM", CodeMeaning="Wrong entry")
    told = item(ProcedureStepDiscontinuationReasonCodeSequence=[reason])
    assert read_step_event(2, told).reason == "Wrong entry"
    with pytest.raises(InputError, match="no event type 9"):
        read_step_event(9, told)
    with pytest.raises(InputError, match="no event type 5"):
        read_verification_event(5, told)
