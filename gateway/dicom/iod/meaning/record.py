"""Treatment records: control points, devices and metersets of what was delivered."""

from collections.abc import Iterator

from gateway.dicom.encoded_items import Item
from gateway.dicom.iod.meaning.control_points import leaf_findings, point_findings
from gateway.dicom.iod.meaning.notes import wrong
from gateway.dicom.iod.reading import integer, items, number, text
from gateway.domain.findings import Finding

BEAMS = "TreatmentSessionBeamSequence"
POINTS = "ControlPointDeliverySequence"
PAIRS = "BeamLimitingDeviceLeafPairsSequence"


def record_findings(dataset: Item) -> Iterator[Finding]:
    """Everything about the beams of a session."""
    for index, beam in enumerate(items(dataset, BEAMS)):
        path = f"{BEAMS}[{index}]"
        yield from point_findings(beam, path, POINTS)
        yield from _devices(beam, path)
        yield from _metersets(beam, path)


def _devices(beam: Item, path: str) -> Iterator[Finding]:
    pairs = {
        text(device, "RTBeamLimitingDeviceType"): integer(device, "NumberOfLeafJawPairs") or 0
        for device in items(beam, PAIRS)
    }
    if pairs:
        points = items(beam, POINTS)
        yield from leaf_findings(points, f"{path}.{POINTS}", pairs, "C.8.8.21")


def _metersets(beam: Item, path: str) -> Iterator[Finding]:
    before = 0.0
    for index, point in enumerate(items(beam, POINTS)):
        delivered = number(point, "DeliveredMeterset")
        if delivered is None:
            continue
        if delivered < before:
            where = f"{path}.{POINTS}[{index}].DeliveredMeterset"
            yield wrong("meterset-order", where, f"{delivered:g} after {before:g}", "C.8.8.21.2")
            return
        before = delivered
