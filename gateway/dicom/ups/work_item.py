"""A unified procedure step as a query returns it (PS3.4 CC.2.5-3; IHE-RO RO-58)."""

from collections.abc import Iterator, Sequence

from pydicom import Dataset

from gateway.dicom.item import Item, Notes
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.dicom.received import received_item
from gateway.dicom.ups.codes import (
    CURRENT_FRACTION,
    DELIVERY_TYPE,
    FRACTIONS_PLANNED,
    PLAN_LABEL,
    read_codes,
)
from gateway.domain.errors import InputError
from gateway.domain.findings import has_errors
from gateway.domain.worklist import Code, Input, Reference, WorkItem


def read_work_item(dataset: Dataset) -> WorkItem:
    """The step. Raises InputError where it cannot be read or has no SOP Instance UID."""
    notes = Notes()
    try:
        with quietly():
            item = _work_item(received_item(dataset, notes))
    except READING_ERRORS as problem:
        raise InputError("a worklist item cannot be decoded") from problem
    if has_errors(notes.findings):
        raise InputError(f"a worklist item cannot be read: {notes.findings[0]}")
    if not item.sop_instance_uid:
        raise InputError("a worklist item has no SOP Instance UID")
    return item


def _work_item(root: Item) -> WorkItem:
    parameters = tuple(root.items("ScheduledProcessingParametersSequence"))
    workitems = read_codes(root, "ScheduledWorkitemCodeSequence")
    return WorkItem(
        sop_instance_uid=root.text("SOPInstanceUID"),
        state=root.text("ProcedureStepState"),
        readiness=root.text("InputReadinessState"),
        label=root.text("ProcedureStepLabel"),
        start=root.text("ScheduledProcedureStepStartDateTime"),
        priority=root.text("ScheduledProcedureStepPriority"),
        workitem=workitems[0] if workitems else None,
        stations=read_codes(root, "ScheduledStationNameCodeSequence"),
        delivery_type=_text_parameter(parameters, DELIVERY_TYPE),
        plan_label=_text_parameter(parameters, PLAN_LABEL),
        fraction=_integer_parameter(parameters, CURRENT_FRACTION),
        fractions_planned=_integer_parameter(parameters, FRACTIONS_PLANNED),
        inputs=tuple(_inputs(root)),
        patient_id=root.text("PatientID"),
        patient_name=root.text("PatientName"),
    )


def _inputs(root: Item) -> Iterator[Input]:
    for item in root.items("InputInformationSequence"):
        references = tuple(
            Reference(one.text("ReferencedSOPClassUID"), one.text("ReferencedSOPInstanceUID"))
            for one in item.items("ReferencedSOPSequence")
        )
        sources = (one.text("RetrieveAETitle") for one in item.items("DICOMRetrievalSequence"))
        if references:
            yield Input(
                item.text("StudyInstanceUID"),
                item.text("SeriesInstanceUID"),
                references,
                tuple(dict.fromkeys(filter(None, sources))),
            )


def _text_parameter(parameters: Sequence[Item], name: Code) -> str:
    """A processing parameter's value, text or code."""
    for one in _named(parameters, name):
        codes = read_codes(one, "ConceptCodeSequence")
        return one.text("TextValue") or (codes[0].value if codes else "")
    return ""


def _integer_parameter(parameters: Sequence[Item], name: Code) -> int | None:
    """A processing parameter's number; a number that is not whole is noted as an error."""
    for one in _named(parameters, name):
        value = one.number("NumericValue")
        if value is not None and not value.is_integer():
            one.notes.error("number", one.where("NumericValue"), f"{value} is not whole")
        return None if value is None else int(value)
    return None


def _named(parameters: Sequence[Item], name: Code) -> Iterator[Item]:
    for one in parameters:
        if any(code.means(name) for code in read_codes(one, "ConceptNameCodeSequence")):
            yield one
