"""The verdict of a delivery as a Basic Text SR document (PS3.3 A.35.1): any archive shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.uid import BasicTextSRStorage, RTPlanStorage

from gateway.dicom.common_modules import (
    MANUFACTURER,
    add_equipment,
    add_series,
    file_bytes,
    new_object,
    sop_reference,
)
from gateway.dicom.elements import date, paragraph, time
from gateway.domain.record import RecordContext

VERDICT_SERIES_NUMBER = 5
TEXT_LENGTH = 1024
TITLE = ("DELIVERY_VERDICT", "99LINACGW", "Delivery Verdict")
CONCLUSION = ("121077", "DCM", "Conclusion")
FINDING = ("121071", "DCM", "Finding")


@dataclass(frozen=True, slots=True)
class VerdictText:
    """A verdict in words: the conclusion first, then what it rests on, a sentence each."""

    conclusion: str
    findings: tuple[str, ...]


def verdict_document(context: RecordContext, text: VerdictText) -> bytes:
    """The document of one delivery, with the plan as its evidence; the file's bytes."""
    plan = context.plan
    dataset = new_object(plan, BasicTextSRStorage, context.uid("verdict"), context.written_ns)
    description = f"Verdict of {context.delivery_id}"
    add_series(dataset, "SR", context.uid("verdict-series"), VERDICT_SERIES_NUMBER, description)
    dataset.ReferencedPerformedProcedureStepSequence = []
    add_equipment(dataset, MANUFACTURER, "linac-gateway", "", context.software_version)
    dataset.InstanceNumber = 1
    dataset.CompletionFlag = "COMPLETE"
    dataset.VerificationFlag = "UNVERIFIED"
    dataset.ContentDate = date(context.written_ns)
    dataset.ContentTime = time(context.written_ns)
    dataset.PerformedProcedureCodeSequence = []
    if plan.series_instance_uid:
        dataset.CurrentRequestedProcedureEvidenceSequence = [_evidence(context)]
    dataset.ValueType = "CONTAINER"
    dataset.ConceptNameCodeSequence = [_code(TITLE)]
    dataset.ContinuityOfContent = "SEPARATE"
    dataset.ContentSequence = [
        _sentence(CONCLUSION, text.conclusion),
        *(_sentence(FINDING, sentence) for sentence in text.findings),
    ]
    return file_bytes(dataset)


def _evidence(context: RecordContext) -> Dataset:
    plan = context.plan
    series = Dataset()
    series.SeriesInstanceUID = plan.series_instance_uid
    series.ReferencedSOPSequence = [sop_reference(RTPlanStorage, plan.sop_instance_uid)]
    study = Dataset()
    study.StudyInstanceUID = plan.study_instance_uid
    study.ReferencedSeriesSequence = [series]
    return study


def _sentence(concept: tuple[str, str, str], text: str) -> Dataset:
    item = Dataset()
    item.RelationshipType = "CONTAINS"
    item.ValueType = "TEXT"
    item.ConceptNameCodeSequence = [_code(concept)]
    item.TextValue = paragraph(text, TEXT_LENGTH)
    return item


def _code(concept: Sequence[str]) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = concept
    return item
