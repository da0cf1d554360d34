"""The worklist over associations: operations by SOP class, statuses."""

from pathlib import Path

import pytest
from pydicom.uid import generate_uid

from simulators.tms.data import item
from simulators.tms.manager import TreatmentManager
from tests.tms.asking import PULL, PUSH, QUERY, WATCH, act, find, update
from tests.tms.builders import claim, discontinued, performed, plan_file, progress, step
from tests.tms.gateway import TITLE, Listener, calling
from tests.tms.test_matching import with_invalid_values_allowed


def test_a_treatment_from_query_to_completion(
    manager: TreatmentManager, tmp_path: Path, listener: Listener
) -> None:
    uid = manager.schedule(plan_file(tmp_path, 100.0, 50.0), fraction=3)
    transaction = generate_uid()
    keys = item(
        ProcedureStepState="SCHEDULED",
        ScheduledStationNameCodeSequence=[item(CodeValue="LINAC1")],
        ScheduledWorkitemCodeSequence=[item(CodeValue="121726", CodingSchemeDesignator="DCM")],
        ScheduledProcedureStepStartDateTime="20200101-",
        InputInformationSequence=[],
    )
    with calling(manager.port) as association:
        (found,) = find(association, keys)
        assert found.SOPInstanceUID == uid
        assert len(found.InputInformationSequence) == 2
        assert act(association, 1, uid, claim(transaction)).Status == 0x0000
        assert find(association, keys) == []
        assert update(association, uid, progress(50, transaction)) == 0x0000
        assert update(association, uid, performed(transaction)) == 0x0000
        assert act(association, 1, uid, claim(transaction, "COMPLETED")).Status == 0x0000
        status, got = association.send_n_get([], PUSH, uid, meta_uid=PULL)
    assert status.Status == 0x0000
    assert got.ProcedureStepState == "COMPLETED"
    assert "TransactionUID" not in got
    assert manager.item(uid).transaction_uid == transaction


def test_refusals_say_why(manager: TreatmentManager, tmp_path: Path, listener: Listener) -> None:
    uid = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    mine, other = generate_uid(), generate_uid()
    with calling(manager.port) as association:
        assert update(association, uid, progress(1, mine)) == 0xC310
        assert act(association, 1, uid, claim(mine, "COMPLETED")).Status == 0xC310
        assert act(association, 1, uid, claim(mine)).Status == 0x0000
        second = act(association, 1, uid, claim(other))
        assert (second.Status, second.ErrorComment) == (0xC302, "the step is IN PROGRESS")
        assert update(association, uid, progress(1, other)) == 0xC301
        assert act(association, 1, uid, claim(other, "CANCELED")).Status == 0xC301
        assert act(association, 1, uid, claim(mine, "SCHEDULED")).Status == 0xC303
        unmet = act(association, 1, uid, claim(mine, "COMPLETED"))
        assert unmet.Status == 0xC304
        assert unmet.ErrorComment.startswith("COMPLETED lacks Unified")
        assert act(association, 1, "1.2.3.4", claim(mine)).Status == 0xC307
        assert update(association, "1.2.3.4", progress(1, mine)) == 0xC307
        assert association.send_n_get([], PUSH, "1.2.3.4", meta_uid=PULL)[0].Status == 0xC307
        assert update(association, uid, discontinued(mine)) == 0x0000
        assert act(association, 1, uid, claim(mine, "CANCELED")).Status == 0x0000
        assert act(association, 1, uid, claim(mine, "CANCELED")).Status == 0xB304
        assert update(association, uid, progress(1, mine)) == 0xC300


def test_push_creates_and_cancels(manager: TreatmentManager) -> None:
    uid = generate_uid()
    with calling(manager.port) as association:
        assert association.send_n_create(step(), PUSH, uid)[0].Status == 0x0000
        assert association.send_n_create(step(), PUSH, uid)[0].Status == 0x0111
        begun = step(ProcedureStepState="IN PROGRESS")
        assert association.send_n_create(begun, PUSH, generate_uid())[0].Status == 0xC309
        information = item(ReasonForCancellation="Not today")
        assert act(association, 2, uid, information, PUSH).Status == 0x0000
        assert act(association, 2, uid, information, PUSH).Status == 0xB304
    assert manager.item(uid).state == "CANCELED"


@pytest.mark.parametrize(
    ("kind", "context", "status"),
    [
        (1, PUSH, 0x0123),
        (1, WATCH, 0x0123),
        (2, PULL, 0x0123),
        (3, PUSH, 0x0123),
        (9, WATCH, 0x0123),
        (1, QUERY, 0x0211),
    ],
)
def test_actions_belong_to_their_classes(
    manager: TreatmentManager, tmp_path: Path, kind: int, context: str, status: int
) -> None:
    uid = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    with calling(manager.port) as association:
        refused = act(association, kind, uid, claim(generate_uid()), context)
    assert refused.Status == status
    assert refused.ErrorComment.startswith("UPS ")
    assert manager.item(uid).state == "SCHEDULED"


def test_a_class_other_than_push_is_refused(manager: TreatmentManager, tmp_path: Path) -> None:
    uid = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    with calling(manager.port) as association:
        information = claim(generate_uid())
        status, _ = association.send_n_action(information, 1, PULL, uid)
        assert status.Status == 0x0119
        assert status.ErrorComment == "class is UPS Pull; steps are of UPS Push"
        swapped, _ = association.send_n_action(information, 1, PULL, uid, meta_uid=PUSH)
        assert swapped.Status == 0x0119
        assert association.send_n_set(progress(1), PUSH, uid, meta_uid=WATCH)[0].Status == 0x0211
        assert association.send_n_set(progress(1), PULL, uid)[0].Status == 0x0119
        assert association.send_n_get([], PUSH, uid, meta_uid=QUERY)[0].Status == 0x0211
        replies = list(association.send_c_find(item(ProcedureStepState=""), PUSH))
        assert [reply[0].Status for reply in replies] == [0xA900]
    assert manager.item(uid).state == "SCHEDULED"


@pytest.mark.parametrize("context", [PULL, WATCH, QUERY])
def test_queries(manager: TreatmentManager, tmp_path: Path, context: str) -> None:
    uids = [manager.schedule(plan_file(tmp_path, 100.0), fraction=n) for n in (1, 2)]
    with calling(manager.port) as association:
        everything = find(association, item(SOPInstanceUID="", PatientID=""), context)
        assert [each.SOPInstanceUID for each in everything] == uids
        assert {each.PatientID for each in everything} == {"EPID-1"}
        one = find(association, item(SOPInstanceUID=uids[1], ProcedureStepState=""), context)
        assert [each.SOPInstanceUID for each in one] == uids[1:]
        for keys in (
            item(TransactionUID=""),
            item(ProcedureStepState=["SCHEDULED", "COMPLETED"]),
            item(ScheduledWorkitemCodeSequence=[item(), item()]),
        ):
            assert [r[0].Status for r in association.send_c_find(keys, context)] == [0xA900]


def test_uids_that_are_none_are_refused(manager: TreatmentManager) -> None:
    assert manager.worklist.create("1.02.3", step()).status == 0x0117
    assert manager.worklist.create("", step()).status == 0x0117
    assert manager.worklist.create("1.2.3", step()).status == 0x0000
    information = item(ProcedureStepState="IN PROGRESS", TransactionUID="1.2.3")
    with_invalid_values_allowed(information, "TransactionUID", "1.02.3")
    assert manager.worklist.change_state("1.2.3", information).status == 0x0115
    assert manager.item("1.2.3").state == "SCHEDULED"


def test_every_message_is_in_the_journal(
    manager: TreatmentManager, tmp_path: Path, listener: Listener
) -> None:
    uid = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    transaction = generate_uid()
    with calling(manager.port) as association:
        act(association, 1, uid, claim(transaction))
        update(association, uid, progress(12.5, transaction))
        act(association, 1, uid, claim(generate_uid(), "COMPLETED"))
    kinds = [(message.direction, message.dimse, message.status) for message in manager.journal]
    assert kinds == [
        ("in", "N-ACTION-RQ", None),
        ("out", "N-ACTION-RSP", 0x0000),
        ("in", "N-SET-RQ", None),
        ("out", "N-SET-RSP", 0x0000),
        ("in", "N-ACTION-RQ", None),
        ("out", "N-ACTION-RSP", 0xC301),
    ]
    claimed, _, told, *_ = manager.journal
    assert (claimed.sop_class_uid, claimed.context, claimed.instance_uid) == (PUSH, PULL, uid)
    assert (claimed.peer, claimed.entity) == (TITLE, "TMS")
    assert claimed.attributes["ActionTypeID"] == "1"
    assert claimed.attributes["TransactionUID"] == transaction
    key = "ProcedureStepProgressInformationSequence[0].ProcedureStepProgress"
    assert told.attributes[key] == "12.5"


def test_no_patient_is_in_the_journal(manager: TreatmentManager) -> None:
    with calling(manager.port) as association:
        association.send_n_create(step(), PUSH, generate_uid())
        find(association, item(PatientName="", PatientID="", ProcedureStepLabel=""))
    assert len(manager.journal) == 5
    assert not any("EPID" in str(message) for message in manager.journal)
