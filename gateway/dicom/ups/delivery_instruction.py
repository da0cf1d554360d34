"""RT Beams Delivery Instructions, read (PS3.3 A.64, C.8.8.29)."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from gateway.dicom import encoded
from gateway.dicom.item import Item, Notes
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import RT_BEAMS_DELIVERY_INSTRUCTION
from gateway.dicom.ups.values import double, unsigned
from gateway.domain.errors import InputError
from gateway.domain.findings import has_errors
from gateway.domain.worklist import BeamTask, DeliveryInstruction, DeliveryType

_ADJUSTED = (
    "TableTopVerticalAdjustedPosition",
    "TableTopLongitudinalAdjustedPosition",
    "TableTopLateralAdjustedPosition",
    "PatientSupportAdjustedAngle",
    "TableTopEccentricAdjustedAngle",
    "TableTopPitchAdjustedAngle",
    "TableTopRollAdjustedAngle",
)
_DISPLACED = (
    "TableTopVerticalSetupDisplacement",
    "TableTopLongitudinalSetupDisplacement",
    "TableTopLateralSetupDisplacement",
)

Read = TypeVar("Read")


def read_delivery_instruction(content: bytes) -> DeliveryInstruction:
    """The instruction of a DICOM file. Raises InputError where it cannot be followed."""
    return read_object(content, "delivery instruction", _instruction)


def read_object(content: bytes, what: str, read: Callable[[Item], Read]) -> Read:
    """What ``read`` makes of a DICOM file; an error noted refuses it. Raises InputError."""
    notes = Notes()
    try:
        with quietly():
            found = read(Item(encoded.read_object(content).dataset, "", notes))
    except READING_ERRORS as problem:
        raise InputError(f"the {what} cannot be decoded") from problem
    if has_errors(notes.findings):
        raise InputError(f"the {what} cannot be followed: {notes.findings[0]}")
    return found


def _instruction(root: Item) -> DeliveryInstruction:
    if root.text("SOPClassUID") != RT_BEAMS_DELIVERY_INSTRUCTION:
        root.notes.error("wrong-sop-class", "SOPClassUID", "is no RT Beams Delivery Instruction")
    plans = [one.text("ReferencedSOPInstanceUID") for one in root.items("ReferencedRTPlanSequence")]
    if len(plans) != 1:
        text = f"{len(plans)} plans are referenced, one is wanted"
        root.notes.error("plan-reference", "ReferencedRTPlanSequence", text)
    tasks = tuple(filter(None, (_task(one) for one in root.items("BeamTaskSequence"))))
    if not tasks:
        root.notes.error("no-beams", "BeamTaskSequence", "there is nothing to deliver")
    return DeliveryInstruction(
        sop_instance_uid=root.text("SOPInstanceUID"),
        plan_uid="".join(plans[:1]),
        tasks=tasks,
        patient_id=root.text("PatientID"),
    )


def _task(item: Item) -> BeamTask | None:
    beam_number = item.required_integer("ReferencedBeamNumber")
    fraction = item.required_integer("CurrentFractionNumber")
    delivery_type = item.text("TreatmentDeliveryType")
    start_mu, end_mu = double(item, "ContinuationStartMeterset"), None
    if delivery_type == DeliveryType.CONTINUATION:
        end_mu = double(item, "ContinuationEndMeterset")
        _require_continuation(item, start_mu, end_mu)
    if beam_number is None or fraction is None:
        return None
    return BeamTask(
        beam_number=beam_number,
        order=unsigned(item, "BeamOrderIndex"),
        task_type=item.text("BeamTaskType"),
        delivery_type=delivery_type,
        fraction=fraction,
        fraction_group=item.integer("ReferencedFractionGroupNumber"),
        start_mu=start_mu if delivery_type == DeliveryType.CONTINUATION else None,
        end_mu=end_mu,
        adjustments=tuple(_adjustments(item)),
    )


def _adjustments(item: Item) -> Iterator[str]:
    """Positions in place of the plan's, and displacements that are not zero."""
    yield from (keyword for keyword in _ADJUSTED if item.has(keyword))
    yield from (keyword for keyword in _DISPLACED if item.number(keyword))


def _require_continuation(item: Item, start_mu: float | None, end_mu: float | None) -> None:
    if start_mu is None or end_mu is None:
        text = "a continuation states where it starts and ends"
        item.notes.error("continuation", item.where("ContinuationStartMeterset"), text)
    elif not 0.0 <= start_mu < end_mu:
        text = f"from {start_mu:g} to {end_mu:g} MU nothing can be delivered"
        item.notes.error("continuation", item.where("ContinuationEndMeterset"), text)
    unit = item.text("PrimaryDosimeterUnit")
    if unit != "MU":
        text = f"metersets in {unit or 'no unit'} cannot be delivered; only MU can"
        item.notes.error("dosimeter-unit", item.where("PrimaryDosimeterUnit"), text)
