"""What the performer of a step sends to its manager (PS3.4 CC.2.1, CC.2.3, CC.2.6)."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from pydicom import Dataset

from gateway.dicom.elements import clipped, date_time, ds, paragraph
from gateway.dicom.ups.codes import NO_UNITS, REFERENCED_BEAM, UNSPECIFIED, code_item
from gateway.domain.worklist import OutputObject, Performed, Progress, StepState

DECIMALS = 1
DESCRIPTION, REASON = 1024, 1024


def state_change(state: StepState, transaction_uid: str) -> Dataset:
    """Action Information of Change UPS State: the claim (RO-60), and the end (RO-65)."""
    information = Dataset()
    information.TransactionUID = transaction_uid
    information.ProcedureStepState = state.value
    return information


def progress_update(progress: Progress, transaction_uid: str) -> Dataset:
    """Modification List of a progress update (RO-62)."""
    modifications = _modifications(transaction_uid)
    modifications.ProcedureStepProgressInformationSequence = [_progress(progress)]
    return modifications


def final_update(performed: Performed, transaction_uid: str) -> Dataset:
    """Modification List of the last update: what was performed, and why no more (RO-64).

    It has what table CC.2.5-3 wants of a step that becomes COMPLETED, or CANCELED.
    """
    modifications = _modifications(transaction_uid)
    progress = _progress(performed.progress) if performed.progress is not None else Dataset()
    if performed.reason:
        _add_discontinuation(progress, performed)
    if progress:
        modifications.ProcedureStepProgressInformationSequence = [progress]
    done = Dataset()
    done.PerformedStationNameCodeSequence = [code_item(performed.station)]
    done.PerformedWorkitemCodeSequence = [code_item(performed.workitem)]
    done.PerformedProcedureStepStartDateTime = date_time(performed.started_ns)
    done.PerformedProcedureStepEndDateTime = date_time(performed.ended_ns)
    done.OutputInformationSequence = list(_outputs(performed.outputs))
    modifications.UnifiedProcedureStepPerformedProcedureSequence = [done]
    return modifications


def subscription(receiving_ae: str) -> Dataset:
    """Action Information of Subscribe, without a lock that would have to be let go of."""
    information = Dataset()
    information.ReceivingAE = receiving_ae
    information.DeletionLock = "FALSE"
    return information


def unsubscription(receiving_ae: str) -> Dataset:
    """Action Information of Unsubscribe."""
    information = Dataset()
    information.ReceivingAE = receiving_ae
    return information


def _modifications(transaction_uid: str) -> Dataset:
    modifications = Dataset()
    modifications.SpecificCharacterSet = "ISO_IR 192"
    modifications.TransactionUID = transaction_uid
    return modifications


def _progress(progress: Progress) -> Dataset:
    item = Dataset()
    item.ProcedureStepProgress = ds(round(progress.percent, DECIMALS))
    if progress.description:
        item.ProcedureStepProgressDescription = paragraph(progress.description, DESCRIPTION)
    if progress.beam_number is not None:
        item.ProcedureStepProgressParametersSequence = [_beam(progress.beam_number)]
    return item


def _beam(number: int) -> Dataset:
    item = Dataset()
    item.ValueType = "NUMERIC"
    item.ConceptNameCodeSequence = [code_item(REFERENCED_BEAM)]
    item.NumericValue = str(number)
    item.MeasurementUnitsCodeSequence = [code_item(NO_UNITS)]
    return item


def _add_discontinuation(progress: Dataset, performed: Performed) -> None:
    progress.ProcedureStepCancellationDateTime = date_time(performed.ended_ns)
    progress.ReasonForCancellation = paragraph(performed.reason, REASON)
    code = performed.reason_code or UNSPECIFIED
    progress.ProcedureStepDiscontinuationReasonCodeSequence = [code_item(code)]


def _outputs(outputs: Sequence[OutputObject]) -> Iterator[Dataset]:
    """An item for each series and place, of objects that somebody keeps."""
    kept = sorted(
        (one for one in outputs if one.kept_by),
        key=lambda one: (_series(one), one.sop_class_uid, one.sop_instance_uid),
    )
    for (study, series, places), objects in groupby(kept, _series):
        item = Dataset()
        item.TypeOfInstances = "DICOM"
        item.StudyInstanceUID = study
        item.SeriesInstanceUID = series
        item.ReferencedSOPSequence = [_reference(one) for one in objects]
        item.DICOMRetrievalSequence = [_place(ae) for ae in places]
        yield item


def _series(one: OutputObject) -> tuple[str, str, tuple[str, ...]]:
    return one.study_instance_uid, one.series_instance_uid, one.kept_by


def _reference(one: OutputObject) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = one.sop_class_uid
    item.ReferencedSOPInstanceUID = one.sop_instance_uid
    return item


def _place(ae_title: str) -> Dataset:
    item = Dataset()
    item.RetrieveAETitle = clipped(ae_title, 16)
    return item
