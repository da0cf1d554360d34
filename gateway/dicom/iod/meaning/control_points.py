"""Control points of plans and records: all of them, in order, the first one complete."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from gateway.dicom.encoded_items import Item
from gateway.dicom.iod.meaning.notes import wrong
from gateway.dicom.iod.reading import count, integer, items, number, text
from gateway.domain.findings import Finding

_ROTATING = ("Gantry", "BeamLimitingDevice", "PatientSupport", "TableTopEccentric")
FIRST_POINT = {
    "ControlPointSequence": tuple(
        name for axis in _ROTATING for name in (f"{axis}Angle", f"{axis}RotationDirection")
    ),
    "IonControlPointSequence": (
        "GantryAngle",
        "GantryRotationDirection",
        "PatientSupportAngle",
        "PatientSupportRotationDirection",
    ),
    "ControlPointDeliverySequence": tuple(
        name for axis in _ROTATING for name in (f"{axis}Angle", f"{axis}RotationDirection")
    ),
}
CLAUSE = {
    "ControlPointSequence": "C.8.8.14",
    "IonControlPointSequence": "C.8.8.25",
    "ControlPointDeliverySequence": "C.8.8.21",
}
POSITIONS = "BeamLimitingDevicePositionSequence"


def point_findings(beam: Item, path: str, keyword: str) -> Iterator[Finding]:
    """The control points of one beam, in the sequence called ``keyword``."""
    points = items(beam, keyword)
    if not points:
        return
    clause = CLAUSE[keyword]
    declared = integer(beam, "NumberOfControlPoints")
    if declared is not None and declared != len(points):
        message = f"{declared} are declared, {len(points)} are here"
        yield wrong("item-count", f"{path}.NumberOfControlPoints", message, clause)
    for name in FIRST_POINT[keyword]:
        if not text(points[0], name):
            message = "the first control point has to state it"
            yield wrong(
                "control-point-0-incomplete", f"{path}.{keyword}[0].{name}", message, clause
            )
    yield from _indices(points, f"{path}.{keyword}", clause)


def _indices(points: Sequence[Item], path: str, clause: str) -> Iterator[Finding]:
    name = "ControlPointIndex"
    if name not in points[0]:
        name = "ReferencedControlPointIndex"
    found = [integer(point, name) for point in points]
    for place, index in enumerate(found):
        if index is not None and index != place:
            message = f"{index}, where {place} is due"
            yield wrong("control-point-order", f"{path}[{place}].{name}", message, clause)
            return


def weight_findings(beam: Item, path: str, keyword: str) -> Iterator[Finding]:
    """Cumulative meterset weights of a plan's beam: from 0, never less, to the final weight."""
    points = items(beam, keyword)
    clause = "C.8.8.14.1"
    before = 0.0
    for place, point in enumerate(points):
        where = f"{path}.{keyword}[{place}].CumulativeMetersetWeight"
        weight = number(point, "CumulativeMetersetWeight")
        if weight is None:
            continue
        if place == 0 and weight != 0.0:
            yield wrong("meterset-weight", where, f"{weight:g}, where 0 is due", clause)
        if weight < before:
            yield wrong("meterset-weight", where, f"{weight:g} after {before:g}", clause)
            return
        before = weight
    final = number(beam, "FinalCumulativeMetersetWeight")
    last = number(points[-1], "CumulativeMetersetWeight") if points else None
    if final is not None and last is not None and not np.isclose(last, final, rtol=1e-6):
        message = f"the last control point has {last:g}, the beam {final:g}"
        yield wrong("meterset-weight", f"{path}.FinalCumulativeMetersetWeight", message, clause)


def leaf_findings(
    points: Sequence[Item], path: str, pairs: Mapping[str, int], clause: str
) -> Iterator[Finding]:
    """Positions of jaws and leaves: two for each pair of a device that is declared."""
    for place, point in enumerate(points):
        for index, device in enumerate(items(point, POSITIONS)):
            where = f"{path}[{place}].{POSITIONS}[{index}]"
            yield from _device(device, where, pairs, clause)


def _device(device: Item, path: str, pairs: Mapping[str, int], clause: str) -> Iterator[Finding]:
    kind = text(device, "RTBeamLimitingDeviceType")
    if kind and kind not in pairs:
        message = f"{kind} is no device of this beam"
        yield wrong("unresolved-reference", f"{path}.RTBeamLimitingDeviceType", message, clause)
        return
    positions = count(device, "LeafJawPositions")
    if positions and kind and positions != 2 * pairs[kind]:
        message = f"{positions} positions for {pairs[kind]} pairs of {kind}"
        yield wrong("leaf-count", f"{path}.LeafJawPositions", message, clause)
