"""The eight transactions of IHE-RO TDW-II, every message asserted, also over TLS."""

import ssl
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest
from pydicom import dcmread

from gateway.adapters.nodestore.steps import Phase, Step
from gateway.dicom.sop_classes import (
    RT_BEAMS_TREATMENT_RECORD,
    RT_IMAGE,
    STUDY_ROOT_MOVE,
    UPS_PULL,
    UPS_PUSH,
)
from gateway.domain.node import Tls
from gateway.domain.worklist import StepState
from simulators.tms.journal import Message
from simulators.tms.tls import client_context, server_context
from simulators.tms.transactions import Transaction, transactions
from tests.outbox.certificates import authority
from tests.worklist.bench import TITLE, Bench, bench
from tests.worklist.performing import performed, sending

CLAIM_UID = "TransactionUID"
PROGRESS = "ProcedureStepProgressInformationSequence[0]"
DONE = "UnifiedProcedureStepPerformedProcedureSequence[0]"


def contexts(tls: Tls) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    files = tls.certificate, tls.key, tls.authorities
    return server_context(*files), client_context(*files)


def in_order(found: list[tuple[Transaction, Message]]) -> list[Transaction]:
    """Each transaction where it occurs, repetitions at one place counted once."""
    return [kind for kind, _ in groupby(found, key=lambda each: each[0])]


def of(found: list[tuple[Transaction, Message]], kind: Transaction) -> list[Message]:
    return [message for each, message in found if each is kind]


@pytest.mark.parametrize("secured", ["plain", "TLS"])
def test_the_eight_transactions(tmp_path: Path, plan_path: Path, secured: str) -> None:
    tls = None if secured == "plain" else (authority(tmp_path).tls("both"), contexts)
    with bench(tmp_path, tls=tls, destinations=("OST",)) as running, sending(running):
        uid = running.tms.schedule(plan_path, fraction=1)
        step = performed(running, uid)
        found = transactions(running.tms.journal)
        assert step.phase is Phase.COMPLETED
        assert StepState(running.tms.item(uid).state) is StepState.COMPLETED
        assert_sequence(found)
        assert_query(of(found, Transaction.QUERY))
        assert_retrievals(found, plan_path, uid)
        assert_claim(of(found, Transaction.CLAIM), uid, step)
        assert_progress(of(found, Transaction.PROGRESS), uid, step)
        assert_objects(of(found, Transaction.STORE), step)
        assert_final_update(of(found, Transaction.FINAL_UPDATE), uid, step)
        assert_end(of(found, Transaction.FINISH), uid, step)
        assert all(response.status == 0 for response in answers(running))


def answers(running: Bench) -> list[Message]:
    """What the system answered, but for what is pending."""
    return [
        message
        for message in running.tms.journal
        if message.direction == "out" and message.status not in (None, 0xFF00)
    ]


def assert_sequence(found: list[tuple[Transaction, Message]]) -> None:
    assert in_order(found) == [
        Transaction.QUERY,
        Transaction.RETRIEVE_STATIC,
        Transaction.CLAIM,
        Transaction.RETRIEVE_DYNAMIC,
        Transaction.PROGRESS,
        Transaction.STORE,
        Transaction.FINAL_UPDATE,
        Transaction.FINISH,
    ]
    once = Counter(kind for kind, _ in found)
    assert all(once[kind] == 1 for kind in once.keys() - {Transaction.PROGRESS, Transaction.STORE})


def assert_query(messages: list[Message]) -> None:
    (query,) = messages
    assert (query.entity, query.context, query.sop_class_uid) == ("TMS", UPS_PULL, UPS_PULL)
    asked = query.attributes
    assert asked["ProcedureStepState"] == "SCHEDULED"
    assert asked["ScheduledStationNameCodeSequence[0].CodeValue"] == "truebeam-m120"
    assert asked["InputInformationSequence"] == "0"
    assert asked["ScheduledProcessingParametersSequence"] == "0"
    assert CLAIM_UID not in asked


def assert_retrievals(found: list[tuple[Transaction, Message]], plan_path: Path, uid: str) -> None:
    (static,) = of(found, Transaction.RETRIEVE_STATIC)
    (dynamic,) = of(found, Transaction.RETRIEVE_DYNAMIC)
    plan = dcmread(plan_path)
    for message, entity in ((static, "OST"), (dynamic, "TMS")):
        assert (message.entity, message.context) == (entity, STUDY_ROOT_MOVE)
        assert message.attributes["MoveDestination"] == TITLE
        assert message.attributes["QueryRetrieveLevel"] == "IMAGE"
        assert message.attributes["StudyInstanceUID"] == plan.StudyInstanceUID
    assert static.attributes["SOPInstanceUID"] == plan.SOPInstanceUID
    assert dynamic.attributes["SOPInstanceUID"] not in (plan.SOPInstanceUID, uid)


def assert_claim(messages: list[Message], uid: str, step: Step) -> None:
    (claim,) = messages
    assert (claim.context, claim.sop_class_uid, claim.instance_uid) == (UPS_PULL, UPS_PUSH, uid)
    assert claim.attributes["ProcedureStepState"] == "IN PROGRESS"
    assert claim.attributes[CLAIM_UID] == step.transaction_uid


def assert_progress(messages: list[Message], uid: str, step: Step) -> None:
    assert messages
    percents = []
    for update in messages:
        assert (update.context, update.sop_class_uid) == (UPS_PULL, UPS_PUSH)
        assert (update.instance_uid, update.attributes[CLAIM_UID]) == (uid, step.transaction_uid)
        percents.append(float(update.attributes[f"{PROGRESS}.ProcedureStepProgress"]))
        parameter = f"{PROGRESS}.ProcedureStepProgressParametersSequence[0]"
        name = f"{parameter}.ConceptNameCodeSequence[0]"
        assert update.attributes[f"{name}.CodeValue"] == "2018004"
        assert update.attributes[f"{name}.CodingSchemeDesignator"] == "99IHERO2018"
        assert update.attributes[f"{parameter}.NumericValue"] == "1"
    assert percents == sorted(percents)
    assert percents[-1] == pytest.approx(100.0, abs=0.1)


def assert_objects(messages: list[Message], step: Step) -> None:
    assert {message.entity for message in messages} == {"OST"}
    assert Counter(message.sop_class_uid for message in messages) == {
        RT_IMAGE: 1,
        RT_BEAMS_TREATMENT_RECORD: 1,
    }
    assert {message.instance_uid for message in messages} == {
        one.sop_instance_uid for one in step.outputs
    }


def assert_final_update(messages: list[Message], uid: str, step: Step) -> None:
    (update,) = messages
    done = update.attributes
    assert (update.context, update.sop_class_uid, update.instance_uid) == (UPS_PULL, UPS_PUSH, uid)
    assert done[CLAIM_UID] == step.transaction_uid
    assert done[f"{DONE}.PerformedStationNameCodeSequence[0].CodeValue"] == "truebeam-m120"
    assert done[f"{DONE}.PerformedWorkitemCodeSequence[0].CodeValue"] == "121726"
    start, end = (
        done[f"{DONE}.PerformedProcedureStep{which}DateTime"] for which in ("Start", "End")
    )
    assert start.endswith("+0000")
    assert start < end
    assert f"{PROGRESS}.ReasonForCancellation" not in done
    output = f"{DONE}.OutputInformationSequence"
    named = {
        done[f"{output}[{place}].ReferencedSOPSequence[0].ReferencedSOPInstanceUID"]
        for place in range(int(done[output]))
    }
    assert named == {one.sop_instance_uid for one in step.outputs}
    assert all(one.kept_by == ("OST",) for one in step.outputs)
    assert done[f"{output}[0].DICOMRetrievalSequence[0].RetrieveAETitle"] == "OST"


def assert_end(messages: list[Message], uid: str, step: Step) -> None:
    (end,) = messages
    assert (end.context, end.sop_class_uid, end.instance_uid) == (UPS_PULL, UPS_PUSH, uid)
    assert end.attributes["ProcedureStepState"] == "COMPLETED"
    assert end.attributes[CLAIM_UID] == step.transaction_uid
