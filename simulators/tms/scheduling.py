"""A plan's fraction on the worklist: its work item and its delivery instruction.

The work item is that of IHE-RO TDW-II; codes of scheme 99IHERO2018 are the profile's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, generate_uid

from simulators.tms.attributes import to_be_created
from simulators.tms.data import CHARACTER_SET, Code, has, item, items, moment, text
from simulators.tms.state import State
from simulators.tms.uids import EXPLICIT_VR_LITTLE_ENDIAN, RT_BEAMS_DELIVERY_INSTRUCTION

INTERNAL = Code("121726", "DCM", "RT Treatment with Internal Verification")
EXTERNAL = Code("121727", "DCM", "RT Treatment with External Verification")
DELIVERY_TYPE = Code("121740", "DCM", "Treatment Delivery Type")
PLAN_LABEL = Code("2018001", "99IHERO2018", "Plan Label")
CURRENT_FRACTION = Code("2018002", "99IHERO2018", "Current Fraction Number")
FRACTIONS_PLANNED = Code("2018003", "99IHERO2018", "Number of Fractions Planned")
NO_UNITS = Code("1", "UCUM", "no units")
TREATMENT, CONTINUATION = "TREATMENT", "CONTINUATION"
NOT_TREATING = frozenset({"SETUP"})
"""Treatment Delivery Types (300A,00CE) of beams that are no task of a delivery instruction."""
_PATIENT = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
_STUDY = ("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID")
_UNADJUSTED = (
    "TableTopVerticalAdjustedPosition",
    "TableTopLongitudinalAdjustedPosition",
    "TableTopLateralAdjustedPosition",
    "PatientSupportAdjustedAngle",
    "TableTopEccentricAdjustedAngle",
    "TableTopPitchAdjustedAngle",
    "TableTopRollAdjustedAngle",
    "TableTopVerticalSetupDisplacement",
    "TableTopLongitudinalSetupDisplacement",
    "TableTopLateralSetupDisplacement",
)
"""Where the table is not to be elsewhere than planned (type 2, empty)."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A composite instance, and where it is retrieved from."""

    sop_class_uid: str
    sop_instance_uid: str
    study_uid: str
    series_uid: str
    retrieve_ae: str


@dataclass(frozen=True, slots=True)
class Continuation:
    """What is left of a partial treatment.

    Beams (number to meterset, MU) begin there, and run to their ends. ``records`` are the earlier
    treatment records, which become inputs.
    """

    start_meterset_mu: Mapping[int, float]
    records: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be delivered: a plan's fraction, and its beams (number to meterset, MU).

    ``workitem`` says who verifies.
    """

    plan: Dataset
    fraction: int
    group: Dataset
    beams: Mapping[int, float]
    continuation: Continuation | None = None
    workitem: Code = INTERNAL

    @property
    def machine(self) -> str:
        """The treatment machine of the first beam."""
        return text(_beam(self.plan, next(iter(self.beams))), "TreatmentMachineName")

    @property
    def delivery_type(self) -> str:
        """Treatment Delivery Type of the whole."""
        return TREATMENT if self.continuation is None else CONTINUATION


def order(
    plan: Dataset,
    *,
    fraction: int,
    beams: Sequence[int] | None = None,
    continuation: Continuation | None = None,
    fraction_group: int | None = None,
    workitem: Code = INTERNAL,
) -> Order:
    """An order of ``beams`` (None: all that treat) of a plan; the first fraction group by default.

    Raises ValueError for a fraction group or beam that the plan does not have, or has no meterset
    for, and for a continuation of a beam that is not ordered.
    """
    group = _group(plan, fraction_group)
    metersets = {
        int(each.ReferencedBeamNumber): float(each.BeamMeterset)
        for each in items(group, "ReferencedBeamSequence")
        if has(each, "BeamMeterset")
        and text(_beam(plan, int(each.ReferencedBeamNumber)), "TreatmentDeliveryType")
        not in NOT_TREATING
    }
    chosen = list(metersets) if beams is None else list(beams)
    begun = {} if continuation is None else continuation.start_meterset_mu
    for number in (*chosen, *begun):
        if number not in metersets or number not in chosen:
            raise ValueError(f"beam {number} is none of the beams to be treated")
    if not chosen:
        raise ValueError("the fraction group treats no beam")
    ordered = {each: metersets[each] for each in chosen}
    return Order(plan, fraction, group, ordered, continuation, workitem)


def delivery_instruction(what: Order, now: datetime) -> Dataset:
    """An RT Beams Delivery Instruction, with file meta information (PS3.3 C.8.8.29)."""
    plan = what.plan
    instruction = item(
        SpecificCharacterSet=CHARACTER_SET,
        SOPClassUID=RT_BEAMS_DELIVERY_INSTRUCTION,
        SOPInstanceUID=generate_uid(prefix=None),
        InstanceCreationDate=f"{now:%Y%m%d}",
        InstanceCreationTime=f"{now:%H%M%S}",
        Modality="PLAN",
        Manufacturer="Simulated treatment management system",
        SeriesInstanceUID=generate_uid(prefix=None),
        SeriesNumber="1",
        ReferencedRTPlanSequence=[_referenced(plan)],
        BeamTaskSequence=[
            _task(what, number, place) for place, number in enumerate(what.beams, start=1)
        ],
    )
    _copy_patient_and_study(plan, instruction)
    for keyword in _STUDY:
        setattr(instruction, keyword, text(plan, keyword))
    instruction.file_meta = FileMetaDataset()
    instruction.file_meta.MediaStorageSOPClassUID = instruction.SOPClassUID
    instruction.file_meta.MediaStorageSOPInstanceUID = instruction.SOPInstanceUID
    instruction.file_meta.TransferSyntaxUID = UID(EXPLICIT_VR_LITTLE_ENDIAN)
    return instruction


def step(
    what: Order, instruction: Dataset, station: Code, titles: tuple[str, str], start: datetime
) -> Dataset:
    """The attributes of the N-CREATE.

    ``titles`` are those of the management system and of the object store.
    """
    plan = what.plan
    ours, store = titles
    inputs = [_reference(plan, store), _reference(instruction, ours)]
    inputs += what.continuation.records if what.continuation is not None else ()
    attributes = item(
        SpecificCharacterSet=CHARACTER_SET,
        ScheduledProcedureStepPriority="MEDIUM",
        ProcedureStepLabel=text(plan, "RTPlanLabel") or "RT Treatment",
        WorklistLabel=station.meaning,
        ScheduledProcedureStepStartDateTime=moment(start),
        ScheduledStationNameCodeSequence=[station.item()],
        ScheduledWorkitemCodeSequence=[what.workitem.item()],
        InputReadinessState="READY",
        InputInformationSequence=[_input(each) for each in inputs],
        ProcedureStepState=str(State.SCHEDULED),
        ScheduledProcessingParametersSequence=[
            _text_parameter(DELIVERY_TYPE, what.delivery_type),
            _text_parameter(PLAN_LABEL, text(plan, "RTPlanLabel")),
            _number_parameter(CURRENT_FRACTION, what.fraction),
            _number_parameter(FRACTIONS_PLANNED, int(what.group.NumberOfFractionsPlanned)),
        ],
    )
    _copy_patient_and_study(plan, attributes)
    for keyword in to_be_created():
        if keyword not in attributes:
            setattr(attributes, keyword, [] if keyword.endswith("Sequence") else None)
    return attributes


def _task(what: Order, number: int, place: int) -> Dataset:
    task = item(
        BeamTaskType="TREAT",
        TreatmentDeliveryType=TREATMENT,
        CurrentFractionNumber=what.fraction,
        ReferencedFractionGroupNumber=what.group.FractionGroupNumber,
        ReferencedBeamNumber=number,
        BeamOrderIndex=place,
        AutosequenceFlag="NO",
    )
    for keyword in _UNADJUSTED:
        setattr(task, keyword, None)
    begun = {} if what.continuation is None else what.continuation.start_meterset_mu
    if number in begun:
        task.TreatmentDeliveryType = CONTINUATION
        task.PrimaryDosimeterUnit = text(_beam(what.plan, number), "PrimaryDosimeterUnit") or "MU"
        task.ContinuationStartMeterset = begun[number]
        task.ContinuationEndMeterset = what.beams[number]
    return task


def _input(reference: Reference) -> Dataset:
    """An item of Input Information Sequence (Referenced Instances and Access Macro, PS3.3 10.2)."""
    instance = item(
        ReferencedSOPClassUID=reference.sop_class_uid,
        ReferencedSOPInstanceUID=reference.sop_instance_uid,
    )
    return item(
        TypeOfInstances="DICOM",
        StudyInstanceUID=reference.study_uid,
        SeriesInstanceUID=reference.series_uid,
        ReferencedSOPSequence=[instance],
        DICOMRetrievalSequence=[item(RetrieveAETitle=reference.retrieve_ae)],
    )


def _reference(instance: Dataset, retrieve_ae: str) -> Reference:
    return Reference(
        text(instance, "SOPClassUID"),
        text(instance, "SOPInstanceUID"),
        text(instance, "StudyInstanceUID"),
        text(instance, "SeriesInstanceUID"),
        retrieve_ae,
    )


def _referenced(instance: Dataset) -> Dataset:
    return item(
        ReferencedSOPClassUID=instance.SOPClassUID,
        ReferencedSOPInstanceUID=instance.SOPInstanceUID,
    )


def _text_parameter(name: Code, value: str) -> Dataset:
    return item(ValueType="TEXT", ConceptNameCodeSequence=[name.item()], TextValue=value)


def _number_parameter(name: Code, value: int) -> Dataset:
    return item(
        ValueType="NUMERIC",
        ConceptNameCodeSequence=[name.item()],
        NumericValue=str(value),
        MeasurementUnitsCodeSequence=[NO_UNITS.item()],
    )


def _copy_patient_and_study(plan: Dataset, attributes: Dataset) -> None:
    for keyword in _PATIENT:
        setattr(attributes, keyword, text(plan, keyword))
    attributes.StudyInstanceUID = plan.StudyInstanceUID


def _group(plan: Dataset, number: int | None) -> Dataset:
    groups = items(plan, "FractionGroupSequence")
    if number is not None:
        groups = [each for each in groups if int(each.FractionGroupNumber) == number]
    if not groups:
        raise ValueError(f"the plan has no fraction group {number if number is not None else ''}")
    return groups[0]


def _beam(plan: Dataset, number: int) -> Dataset:
    for beam in (*items(plan, "BeamSequence"), *items(plan, "IonBeamSequence")):
        if int(beam.BeamNumber) == number:
            return beam
    raise ValueError(f"the plan has no beam {number}")
