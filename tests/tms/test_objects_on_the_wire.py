"""Storage, query, retrieval and commitment of the simulated object store."""

from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid
from pynetdicom.association import Association

from simulators.tms.behaviour import HalfCommits, NeverCommits
from simulators.tms.config import Destination, TmsConfig
from simulators.tms.data import item
from simulators.tms.manager import TreatmentManager
from simulators.tms.uids import (
    RT_BEAMS_DELIVERY_INSTRUCTION,
    RT_PLAN,
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    STUDY_ROOT_FIND,
    STUDY_ROOT_MOVE,
)
from tests.tms.builders import RECORD, plan_file, record
from tests.tms.gateway import TITLE, Listener, calling, known, managing

STORE = "OST"


def image_keys(instance: Dataset) -> Dataset:
    return item(
        QueryRetrieveLevel="IMAGE",
        StudyInstanceUID=instance.StudyInstanceUID,
        SeriesInstanceUID=instance.SeriesInstanceUID,
        SOPInstanceUID=instance.SOPInstanceUID,
    )


def moved(association: Association, keys: Dataset, destination: str = TITLE) -> Dataset:
    return list(association.send_c_move(keys, destination, STUDY_ROOT_MOVE))[-1][0]


def commit(association: Association, transaction: str, *references: tuple[str, str]) -> int:
    information = item(
        TransactionUID=transaction,
        ReferencedSOPSequence=[
            item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=instance)
            for sop_class, instance in references
        ],
    )
    status, _ = association.send_n_action(
        information, 1, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
    )
    return int(status.Status)


def reasons(dataset: Dataset) -> dict[str, int]:
    failed = dataset.get("FailedSOPSequence", [])
    return {str(each.ReferencedSOPInstanceUID): int(each.FailureReason) for each in failed}


def test_what_is_stored_is_kept_as_it_came(manager: TreatmentManager) -> None:
    mine = record()
    with calling(manager.port, STORE) as association:
        assert association.send_c_store(mine).Status == 0x0000
        assert association.send_c_store(mine).Status == 0x0000
        other = record("other")
        other.SOPInstanceUID = mine.SOPInstanceUID
        refused = association.send_c_store(other)
    assert refused.Status == 0x0111
    (kept,) = manager.objects.of_class(RECORD)
    assert kept.dataset() == mine
    assert manager.instructions.all() == ()


def test_objects_in_a_folder_outlive_the_manager(tmp_path: Path) -> None:
    mine = record()
    with (
        managing(TmsConfig(folder=tmp_path)) as manager,
        calling(manager.port, STORE) as association,
    ):
        assert association.send_c_store(mine).Status == 0x0000
    (file,) = tmp_path.iterdir()
    assert str(mine.SOPInstanceUID) not in file.name
    assert dcmread(file) == mine
    again = TreatmentManager(TmsConfig(folder=tmp_path))
    assert [each.sop_instance_uid for each in again.objects.all()] == [mine.SOPInstanceUID]


def test_queries_at_every_level(manager: TreatmentManager) -> None:
    first, second = record("1"), record("2")
    second.StudyInstanceUID = first.StudyInstanceUID
    manager.hold(first)
    manager.hold(second)
    study = item(QueryRetrieveLevel="STUDY", StudyInstanceUID="", PatientID="EPID*")
    series = item(
        QueryRetrieveLevel="SERIES",
        StudyInstanceUID=first.StudyInstanceUID,
        SeriesInstanceUID="",
        Modality="RTRECORD",
    )
    with calling(manager.port, STORE) as association:
        for keys, count in ((study, 1), (series, 2), (image_keys(first), 1)):
            *found, last = association.send_c_find(keys, STUDY_ROOT_FIND)
            assert last[0].Status == 0x0000
            assert len(found) == count
            assert {identifier.RetrieveAETitle for _, identifier in found} == {STORE}
        *found, _ = association.send_c_find(image_keys(record()), STUDY_ROOT_FIND)
        assert found == []


@pytest.mark.parametrize("absent", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_retrievals_need_the_keys_of_their_level(
    manager: TreatmentManager, absent: str, listener: Listener
) -> None:
    mine = record()
    manager.hold(mine)
    keys = image_keys(mine)
    del keys[absent]
    with calling(manager.port, STORE) as association:
        assert moved(association, keys).Status == 0xA900
    assert listener.stored == []


def test_plans_come_from_the_store_and_instructions_from_the_manager(
    manager: TreatmentManager, tmp_path: Path, listener: Listener
) -> None:
    uid = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    for reference in manager.item(uid).dataset.InputInformationSequence:
        keys = item(
            QueryRetrieveLevel="IMAGE",
            StudyInstanceUID=reference.StudyInstanceUID,
            SeriesInstanceUID=reference.SeriesInstanceUID,
            SOPInstanceUID=reference.ReferencedSOPSequence[0].ReferencedSOPInstanceUID,
        )
        at = reference.DICOMRetrievalSequence[0].RetrieveAETitle
        for called in ("TMS", "OST"):
            with calling(manager.port, called) as association:
                status = moved(association, keys)
            assert status.Status == 0x0000
            completed = status.get("NumberOfCompletedSuboperations", 0)
            assert completed == (1 if called == at else 0)
    classes = [str(each.SOPClassUID) for each in listener.stored]
    assert classes == [RT_PLAN, RT_BEAMS_DELIVERY_INSTRUCTION]
    (plan,) = manager.objects.of_class(RT_PLAN)
    assert listener.stored[0] == plan.dataset()
    stores = manager.journal.of("C-STORE-RQ", "out")
    assert [message.sop_class_uid for message in stores] == classes


def test_destinations_that_are_unknown_or_gone(
    manager: TreatmentManager, listener: Listener
) -> None:
    mine = record()
    manager.hold(mine)
    manager.know("GONE", Destination("127.0.0.1", 1))
    with calling(manager.port, STORE) as association:
        assert moved(association, image_keys(mine), "NOBODY").Status == 0xA801
        assert moved(association, image_keys(mine), "GONE").Status == 0xA801
        assert moved(association, image_keys(mine)).Status == 0x0000
    assert len(listener.stored) == 1


def test_commitment_is_reported_on_a_new_association(
    manager: TreatmentManager, listener: Listener
) -> None:
    mine = record()
    manager.hold(mine)
    transaction, absent = generate_uid(), generate_uid()
    with calling(manager.port, STORE) as association:
        assert commit(association, transaction, (RECORD, mine.SOPInstanceUID)) == 0x0000
        listener.wait_for_events(1)
        wrong = (RT_PLAN, str(mine.SOPInstanceUID)), (RECORD, str(absent))
        assert commit(association, generate_uid(), *wrong) == 0x0000
        listener.wait_for_events(2)
        assert commit(association, transaction, (RECORD, mine.SOPInstanceUID)) == 0x0000
        kept, failed, again = listener.wait_for_events(3)
    assert {event.context for event in (kept, failed, again)} == {STORAGE_COMMITMENT}
    assert (kept.event_type, failed.event_type, again.event_type) == (1, 2, 2)
    assert kept.dataset.TransactionUID == transaction
    assert kept.dataset.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == mine.SOPInstanceUID
    assert "FailedSOPSequence" not in kept.dataset
    assert "ReferencedSOPSequence" not in failed.dataset
    assert reasons(failed.dataset) == {mine.SOPInstanceUID: 0x0119, absent: 0x0112}
    assert reasons(again.dataset) == {mine.SOPInstanceUID: 0x0131}


def test_half_a_commitment(manager: TreatmentManager, listener: Listener) -> None:
    records = [record(str(number)) for number in range(4)]
    for each in records:
        manager.hold(each)
    references = [(RECORD, str(each.SOPInstanceUID)) for each in records]
    manager.behave(HalfCommits(reason=0x0213))
    with calling(manager.port, STORE) as association:
        assert commit(association, generate_uid(), *references) == 0x0000
        (event,) = listener.wait_for_events(1)
    assert reasons(event.dataset) == {references[0][1]: 0x0213, references[2][1]: 0x0213}
    kept = [str(each.ReferencedSOPInstanceUID) for each in event.dataset.ReferencedSOPSequence]
    assert kept == [references[1][1], references[3][1]]


def test_a_commitment_that_is_never_reported(manager: TreatmentManager, listener: Listener) -> None:
    mine = record()
    manager.hold(mine)
    with calling(manager.port, STORE) as association:
        manager.behave(NeverCommits())
        assert commit(association, generate_uid(), (RECORD, mine.SOPInstanceUID)) == 0x0000
        manager.behave()
        transaction = generate_uid()
        assert commit(association, transaction, (RECORD, mine.SOPInstanceUID)) == 0x0000
        events = listener.wait_for_events(1)
    assert [event.dataset.TransactionUID for event in events] == [transaction]


def test_requests_for_commitment_that_cannot_be_understood(manager: TreatmentManager) -> None:
    with calling(manager.port, STORE) as association:
        assert commit(association, generate_uid()) == 0x0115
        wanted = item(TransactionUID=generate_uid(), ReferencedSOPSequence=[item()])
        for kind, instance, status in (
            (2, STORAGE_COMMITMENT_INSTANCE, 0x0123),
            (1, "1.2.3", 0x0112),
        ):
            reply, _ = association.send_n_action(wanted, kind, STORAGE_COMMITMENT, instance)
            assert reply.Status == status


def test_an_ae_title_that_is_none_of_the_managers_is_rejected(manager: TreatmentManager) -> None:
    with calling(manager.port, "NOBODY") as association:
        assert association.is_rejected
        rejection = association.acceptor.primitive
    assert rejection is not None
    assert (rejection.result, rejection.result_source, rejection.diagnostic) == (1, 1, 7)


def test_a_receiver_that_comes_late_hears_of_its_commitment(listener: Listener) -> None:
    mine = record()
    gone = {TITLE: Destination("127.0.0.1", 1)}
    patient = TmsConfig(destinations=gone, event_attempts=1_000, event_pause_s=0.2)
    with managing(patient) as manager:
        manager.hold(mine)
        with calling(manager.port, STORE) as association:
            commit(association, generate_uid(), (RECORD, str(mine.SOPInstanceUID)))
        manager.know(TITLE, known(listener)[TITLE])
        assert listener.wait_for_events(1)[0].event_type == 1
