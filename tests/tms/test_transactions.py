"""A whole treatment, and its eight transactions in the journal."""

from pathlib import Path

from pydicom import Dataset
from pydicom.uid import generate_uid
from pynetdicom.association import Association

from simulators.tms.data import item
from simulators.tms.manager import TreatmentManager
from simulators.tms.transactions import Transaction, transactions
from simulators.tms.uids import STUDY_ROOT_MOVE, UPS_PULL, UPS_PUSH
from tests.tms.builders import RECORD, claim, performed, plan_file, progress, record
from tests.tms.gateway import TITLE, Listener, calling


def retrieve(port: int, reference: Dataset) -> None:
    keys = item(
        QueryRetrieveLevel="IMAGE",
        StudyInstanceUID=reference.StudyInstanceUID,
        SeriesInstanceUID=reference.SeriesInstanceUID,
        SOPInstanceUID=reference.ReferencedSOPSequence[0].ReferencedSOPInstanceUID,
    )
    with calling(port, reference.DICOMRetrievalSequence[0].RetrieveAETitle) as association:
        *_, (status, _) = association.send_c_move(keys, TITLE, STUDY_ROOT_MOVE)
    assert status.Status == 0x0000


def change(association: Association, uid: str, information: Dataset) -> None:
    status, _ = association.send_n_action(information, 1, UPS_PUSH, uid, meta_uid=UPS_PULL)
    assert status.Status == 0x0000


def update(association: Association, uid: str, modifications: Dataset) -> None:
    status, _ = association.send_n_set(modifications, UPS_PUSH, uid, meta_uid=UPS_PULL)
    assert status.Status == 0x0000


def test_the_eight_transactions_of_a_treatment(
    manager: TreatmentManager, tmp_path: Path, listener: Listener
) -> None:
    uid = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    transaction, made = generate_uid(), record()
    output = item(
        TypeOfInstances="DICOM",
        StudyInstanceUID=made.StudyInstanceUID,
        SeriesInstanceUID=made.SeriesInstanceUID,
        DICOMRetrievalSequence=[item(RetrieveAETitle="OST")],
        ReferencedSOPSequence=[
            item(ReferencedSOPClassUID=RECORD, ReferencedSOPInstanceUID=made.SOPInstanceUID)
        ],
    )
    with calling(manager.port) as association:
        keys = item(ProcedureStepState="SCHEDULED", InputInformationSequence=[])
        (_, found), _ = association.send_c_find(keys, UPS_PULL)
        static, dynamic = found.InputInformationSequence
        retrieve(manager.port, static)
        change(association, uid, claim(transaction))
        retrieve(manager.port, dynamic)
        for percent in (0, 50, 100):
            update(association, uid, progress(percent, transaction))
        with calling(manager.port, "OST") as storing:
            assert storing.send_c_store(made).Status == 0x0000
        update(association, uid, performed(transaction, output))
        change(association, uid, claim(transaction, "COMPLETED"))
    told = transactions(manager.journal)
    assert [str(each) for each, _ in told] == [
        "RO-58",
        "RO-59",
        "RO-60",
        "RO-61",
        "RO-62",
        "RO-62",
        "RO-62",
        "RO-63",
        "RO-64",
        "RO-65",
    ]
    by_kind = dict(told)
    assert set(by_kind) == set(Transaction)
    assert by_kind[Transaction.STORE].instance_uid == made.SOPInstanceUID
    assert by_kind[Transaction.FINISH].attributes["TransactionUID"] == transaction
    (done,) = manager.item(uid).dataset.UnifiedProcedureStepPerformedProcedureSequence
    (kept,) = done.OutputInformationSequence[0].ReferencedSOPSequence
    assert manager.objects.get(str(kept.ReferencedSOPInstanceUID)) is not None


def test_what_is_no_transaction_is_left_out(manager: TreatmentManager, tmp_path: Path) -> None:
    uid = manager.schedule(plan_file(tmp_path, 100.0), fraction=1)
    with calling(manager.port) as association:
        association.send_c_echo()
        association.send_n_get([], UPS_PUSH, uid, meta_uid=UPS_PULL)
        modifications = item(InputReadinessState="READY")
        association.send_n_set(modifications, UPS_PUSH, uid, meta_uid=UPS_PULL)
    assert len(manager.journal) == 6
    assert transactions(manager.journal) == []
