"""Earlier treatment records, read for a continuation (PS3.3 A.29, C.8.8.21)."""

from collections.abc import Iterator

from gateway.dicom.item import Item
from gateway.dicom.sop_classes import RT_BEAMS_TREATMENT_RECORD
from gateway.dicom.ups.delivery_instruction import read_object
from gateway.domain.worklist import EarlierBeam


def read_earlier_record(content: bytes) -> tuple[EarlierBeam, ...]:
    """The beams of an RT Beams Treatment Record. Raises InputError where it cannot be read."""
    return read_object(content, "earlier treatment record", lambda root: tuple(_beams(root)))


def _beams(root: Item) -> Iterator[EarlierBeam]:
    if root.text("SOPClassUID") != RT_BEAMS_TREATMENT_RECORD:
        root.notes.error("wrong-sop-class", "SOPClassUID", "is no RT Beams Treatment Record")
    plans = [one.text("ReferencedSOPInstanceUID") for one in root.items("ReferencedRTPlanSequence")]
    for item in root.items("TreatmentSessionBeamSequence"):
        number = item.integer("ReferencedBeamNumber")
        end_mu = _end_mu(item)
        if number is not None and end_mu is not None:
            fraction = item.integer("CurrentFractionNumber")
            yield EarlierBeam("".join(plans[:1]), number, fraction, end_mu)


def _end_mu(item: Item) -> float | None:
    """The cumulative meterset at the last control point.

    Delivered Meterset goes on from that of the session before (C.8.8.21.2).
    """
    last = None
    for point in item.items("ControlPointDeliverySequence"):
        value = point.number("DeliveredMeterset")
        last = last if value is None else value
    return last
