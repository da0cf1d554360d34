"""The worklist query of a treatment device (IHE-RO RO-58; PS3.4 CC.2.8)."""

from dataclasses import dataclass

from pydicom import Dataset
from pydicom.tag import BaseTag

from gateway.dicom.elements import date_time
from gateway.dicom.ups.codes import code_item
from gateway.domain.worklist import Code, StepState

_RETURNED = (
    "SpecificCharacterSet",
    "SOPClassUID",
    "SOPInstanceUID",
    "ProcedureStepLabel",
    "WorklistLabel",
    "ScheduledProcedureStepPriority",
    "InputReadinessState",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
)
_RETURNED_SEQUENCES = ("InputInformationSequence", "ScheduledProcessingParametersSequence")


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """What is looked for: steps for a treatment machine.

    ``station`` is the code value of the machine, of whatever coding scheme. ``starts_ns`` are the
    first and last start, in ns since 1970-01-01 UTC. None, and a UID "", match any.
    """

    station: str
    starts_ns: tuple[int, int] | None = None
    workitem: Code | None = None
    sop_instance_uid: str = ""
    state: StepState = StepState.SCHEDULED


def query_identifier(query: WorklistQuery) -> Dataset:
    """The identifier: what is not matched is asked to be returned."""
    identifier = Dataset()
    for keyword in _RETURNED:
        setattr(identifier, keyword, None)
    identifier.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _RETURNED_SEQUENCES:
        setattr(identifier, keyword, [])
    identifier.ProcedureStepState = query.state.value
    if query.sop_instance_uid:
        identifier.SOPInstanceUID = query.sop_instance_uid
    identifier.ScheduledProcedureStepStartDateTime = (
        None if query.starts_ns is None else "-".join(map(date_time, query.starts_ns))
    )
    identifier.ScheduledStationNameCodeSequence = [_any_scheme(query.station)]
    identifier.ScheduledWorkitemCodeSequence = (
        [] if query.workitem is None else [code_item(query.workitem)]
    )
    if query.workitem is not None:
        identifier.ScheduledWorkitemCodeSequence[0].CodeMeaning = None
    return identifier


def attributes_asked() -> list[BaseTag]:
    """Attribute Identifier List of an N-GET: the same attributes as of a query (CC.2.7)."""
    return sorted(query_identifier(WorklistQuery("")).keys())


def _any_scheme(value: str) -> Dataset:
    item = code_item(Code(value, "", ""))
    item.CodingSchemeDesignator = None
    item.CodeMeaning = None
    return item
