"""What a Unified Procedure Step holds, and who may set it when (PS3.4 Table CC.2.5-3).

Rows below a sequence hold for its items. Attributes that are not listed are optional everywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Use(StrEnum):
    """What the requester has to do with an attribute."""

    VALUED = "1"
    PRESENT = "2"
    EMPTY = "empty"
    OPTIONAL = "3"
    FORBIDDEN = "-"


class Final(StrEnum):
    """When an attribute has to be there (the codes of the table's final-state column)."""

    ALWAYS = "R"
    COMPLETED = "P"
    CANCELED = "X"
    NEVER = "O"


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute: its use in N-CREATE and in N-SET, and in final states.

    ``bare`` has to be present in the final state, and may be empty.
    """

    keyword: str
    create: Use = Use.OPTIONAL
    change: Use = Use.OPTIONAL
    final: Final = Final.NEVER
    items: tuple["Row", ...] = ()
    bare: bool = False


_PRESENT_ON_CREATE = (
    "ScheduledProcessingParametersSequence",
    "ScheduledStationNameCodeSequence",
    "ScheduledStationClassCodeSequence",
    "ScheduledStationGeographicLocationCodeSequence",
    "ScheduledWorkitemCodeSequence",
    "CommentsOnTheScheduledProcedureStep",
    "InputInformationSequence",
)
_FIXED_AFTER_CREATE = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "PatientBirthDate",
    "PatientSex",
    "AdmissionID",
    "IssuerOfAdmissionIDSequence",
    "AdmittingDiagnosesDescription",
    "AdmittingDiagnosesCodeSequence",
    "ReferencedRequestSequence",
)
PERFORMED = (
    Row("PerformedStationNameCodeSequence", final=Final.COMPLETED),
    Row("PerformedProcedureStepStartDateTime", final=Final.COMPLETED),
    Row("PerformedProcedureStepEndDateTime", final=Final.COMPLETED),
    Row("PerformedWorkitemCodeSequence", final=Final.COMPLETED),
    Row("OutputInformationSequence", change=Use.PRESENT, final=Final.COMPLETED, bare=True),
)
"""Items of Unified Procedure Step Performed Procedure Sequence."""

PROGRESS = (
    Row("ProcedureStepCancellationDateTime", final=Final.CANCELED),
    Row("ProcedureStepDiscontinuationReasonCodeSequence", final=Final.CANCELED),
    Row(
        "ProcedureStepCommunicationsURISequence",
        items=(Row("ContactURI", change=Use.VALUED),),
    ),
)
"""Items of Procedure Step Progress Information Sequence."""

TABLE = (
    Row("TransactionUID", create=Use.EMPTY),
    Row("SOPClassUID", change=Use.FORBIDDEN, final=Final.ALWAYS),
    Row("SOPInstanceUID", create=Use.FORBIDDEN, change=Use.FORBIDDEN, final=Final.ALWAYS),
    Row("ScheduledProcedureStepModificationDateTime", final=Final.ALWAYS),
    Row("ScheduledProcedureStepPriority", create=Use.VALUED, final=Final.ALWAYS),
    Row("ProcedureStepLabel", create=Use.VALUED),
    Row("WorklistLabel", create=Use.PRESENT),
    Row("ScheduledProcedureStepStartDateTime", create=Use.VALUED, final=Final.ALWAYS),
    Row("InputReadinessState", create=Use.VALUED, final=Final.ALWAYS),
    *(Row(keyword, create=Use.PRESENT) for keyword in _PRESENT_ON_CREATE),
    Row(
        "OtherPatientIDsSequence",
        create=Use.PRESENT,
        items=(
            Row("PatientID", create=Use.VALUED, change=Use.VALUED),
            Row("IssuerOfPatientID", create=Use.PRESENT, change=Use.PRESENT),
        ),
    ),
    *(Row(keyword, create=Use.PRESENT, change=Use.FORBIDDEN) for keyword in _FIXED_AFTER_CREATE),
    Row("ReplacedProcedureStepSequence", change=Use.FORBIDDEN),
    Row("ProcedureStepState", create=Use.VALUED, change=Use.FORBIDDEN, final=Final.ALWAYS),
    Row(
        "ProcedureStepProgressInformationSequence",
        create=Use.EMPTY,
        final=Final.CANCELED,
        items=PROGRESS,
    ),
    Row(
        "UnifiedProcedureStepPerformedProcedureSequence",
        create=Use.EMPTY,
        final=Final.COMPLETED,
        items=PERFORMED,
    ),
)
"""Patient ID and Issuer of Patient ID are conditional; this system treats patients, and asks."""

ENUMERATED = {
    "ScheduledProcedureStepPriority": ("HIGH", "MEDIUM", "LOW"),
    "InputReadinessState": ("INCOMPLETE", "UNAVAILABLE", "READY"),
}
"""Enumerated values (PS3.3 C.30.2)."""

PERFORMERS = (
    "ProcedureStepProgressInformationSequence",
    "UnifiedProcedureStepPerformedProcedureSequence",
)
"""What only the performer sets, once the step is IN PROGRESS."""

SINGLE_VALUED_KEYS = (
    "SOPInstanceUID",
    "ScheduledProcedureStepPriority",
    "InputReadinessState",
    "ProcedureStepState",
)
"""Keys that are matched by one value or by none."""


def to_be_created(rows: Iterable[Row] = TABLE) -> list[str]:
    """Keywords that have to be in a creation, empty or not."""
    asked = {Use.VALUED, Use.PRESENT, Use.EMPTY}
    return [row.keyword for row in rows if row.create in asked]
