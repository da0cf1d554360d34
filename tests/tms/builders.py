"""Plans, steps and the data sets that a performer sends."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, generate_uid

from simulators.tms.attributes import to_be_created
from simulators.tms.data import Code, item

NOW = datetime(2026, 3, 4, 12, 30, 15, 250_000, tzinfo=UTC)
STATION = Code("LINAC1", "99IHERO2008", "LINAC1")
RECORD = "1.2.840.10008.5.1.4.1.1.481.4"
RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"


def step(**changes: Any) -> Dataset:
    """What an N-CREATE brings; ``changes`` set or, with None, drop attributes."""
    dataset = item(
        ScheduledProcedureStepPriority="MEDIUM",
        ProcedureStepLabel="Field 1",
        WorklistLabel="LINAC1",
        ScheduledProcedureStepStartDateTime="20260304123000+0000",
        InputReadinessState="READY",
        ScheduledStationNameCodeSequence=[STATION.item()],
        PatientName="Phantom^EPID",
        PatientID="EPID-1",
        ProcedureStepState="SCHEDULED",
    )
    for keyword in to_be_created():
        if keyword not in dataset:
            setattr(dataset, keyword, [] if keyword.endswith("Sequence") else None)
    for keyword, value in changes.items():
        if value is None:
            del dataset[keyword]
        else:
            setattr(dataset, keyword, value)
    return dataset


def progress(percent: float, transaction_uid: str = "", **others: Any) -> Dataset:
    """A progress report of a performer."""
    information = item(ProcedureStepProgress=f"{percent:g}", **others)
    dataset = item(ProcedureStepProgressInformationSequence=[information])
    if transaction_uid:
        dataset.TransactionUID = transaction_uid
    return dataset


def performed(transaction_uid: str, *outputs: Dataset, **others: Any) -> Dataset:
    """The final update of a step that was carried out."""
    done = item(
        PerformedStationNameCodeSequence=[STATION.item()],
        PerformedWorkitemCodeSequence=[Code("121726", "DCM", "RT Treatment").item()],
        PerformedProcedureStepStartDateTime="20260304123000+0000",
        PerformedProcedureStepEndDateTime="20260304124000+0000",
        OutputInformationSequence=list(outputs),
    )
    for keyword, value in others.items():
        if value is None:
            del done[keyword]
        else:
            setattr(done, keyword, value)
    return item(
        TransactionUID=transaction_uid,
        UnifiedProcedureStepPerformedProcedureSequence=[done],
    )


def discontinued(transaction_uid: str) -> Dataset:
    """The final update of a step that was broken off."""
    reason = Code("110513", "DCM", "Discontinued for unspecified reason").item()
    return progress(40, transaction_uid, ProcedureStepDiscontinuationReasonCodeSequence=[reason])


def claim(transaction_uid: str, state: str = "IN PROGRESS") -> Dataset:
    """Action information of a state change."""
    return item(ProcedureStepState=state, TransactionUID=transaction_uid)


def plan(*metersets: float, groups: int = 1) -> Dataset:
    """A plan of static beams numbered from 1, with file meta information."""
    dataset = item(
        SOPClassUID=RT_PLAN,
        SOPInstanceUID=generate_uid(prefix=None),
        StudyInstanceUID=generate_uid(prefix=None),
        SeriesInstanceUID=generate_uid(prefix=None),
        Modality="RTPLAN",
        PatientName="Phantom^EPID",
        PatientID="EPID-1",
        PatientBirthDate="",
        PatientSex="",
        StudyID="1",
        SeriesNumber="1",
        RTPlanLabel="Phantom",
        FractionGroupSequence=[_group(number, metersets) for number in range(1, groups + 1)],
        BeamSequence=[_beam(number) for number in range(1, len(metersets) + 1)],
    )
    return with_meta(dataset)


def record(content: str = "Phantom") -> Dataset:
    """A treatment record, as little as is stored."""
    return with_meta(
        item(
            SOPClassUID=RECORD,
            SOPInstanceUID=generate_uid(prefix=None),
            StudyInstanceUID=generate_uid(prefix=None),
            SeriesInstanceUID=generate_uid(prefix=None),
            Modality="RTRECORD",
            PatientName="Phantom^EPID",
            PatientID="EPID-1",
            StudyID=content,
        )
    )


def with_meta(dataset: Dataset) -> Dataset:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1")
    return dataset


def plan_file(folder: Path, *metersets: float, groups: int = 1) -> Path:
    path = folder / "plan.dcm"
    plan(*metersets, groups=groups).save_as(path, enforce_file_format=True)
    return path


def _group(number: int, metersets: tuple[float, ...]) -> Dataset:
    return item(
        FractionGroupNumber=number,
        NumberOfFractionsPlanned=25,
        NumberOfBeams=len(metersets),
        NumberOfBrachyApplicationSetups=0,
        ReferencedBeamSequence=[
            item(ReferencedBeamNumber=beam, BeamMeterset=f"{meterset:g}")
            for beam, meterset in enumerate(metersets, start=1)
        ],
    )


def _beam(number: int) -> Dataset:
    device = item(RTBeamLimitingDeviceType="ASYMX", LeafJawPositions=[-50.0, 50.0])
    return item(
        BeamNumber=number,
        BeamType="STATIC",
        RadiationType="PHOTON",
        TreatmentMachineName="LINAC1",
        PrimaryDosimeterUnit="MU",
        TreatmentDeliveryType="TREATMENT",
        ControlPointSequence=[
            item(
                ControlPointIndex=0,
                NominalBeamEnergy="6",
                GantryAngle="359.9",
                BeamLimitingDeviceAngle="0",
                PatientSupportAngle="0",
                BeamLimitingDevicePositionSequence=[device],
            )
        ],
    )
