"""Control points of plans and records: in order, the first one complete, weights that rise."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.dicom.encoded_items import Item, number_of
from gateway.dicom.iod.meaning.levels import Level
from gateway.dicom.iod.meaning.notes import doubtful, wrong
from gateway.dicom.iod.reading import count, integer, items, number, text
from gateway.domain.findings import Finding

POSITIONS = "BeamLimitingDevicePositionSequence"
SAME = 1e-6
"""How far the last weight may be from the final one, relatively: both are written as decimals."""


@dataclass(frozen=True, slots=True)
class Points:
    """What the control points of one sequence have to hold.

    ``valued`` (type 1C) and ``present`` (2C) are due in the first one. ``weight`` rises from 0 to
    ``final``, which stands beside the sequence. ``index`` counts from ``start``.
    """

    clause: str
    index: str = "ControlPointIndex"
    start: int = 0
    valued: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    weight: str = ""
    final: str = ""
    weight_clause: str = "C.8.8.14.1"


def _turning(*axes: str) -> tuple[str, ...]:
    return tuple(name for axis in axes for name in (f"{axis}Angle", f"{axis}RotationDirection"))


_TABLE = tuple(f"TableTop{way}Position" for way in ("Vertical", "Longitudinal", "Lateral"))
_HEAD = ("Gantry", "BeamLimitingDevice", "PatientSupport")
_TILTS = _turning("TableTopPitch", "TableTopRoll", "GantryPitch")
_METERSET = ("CumulativeMetersetWeight", "FinalCumulativeMetersetWeight")
POINTS: Mapping[str, Points] = {
    "ControlPointSequence": Points(
        "C.8.8.14",
        valued=_turning(*_HEAD, "TableTopEccentric"),
        present=(*_TABLE, "IsocenterPosition"),
        weight=_METERSET[0],
        final=_METERSET[1],
    ),
    "IonControlPointSequence": Points(
        "C.8.8.25",
        valued=_turning(*_HEAD),
        present=(*_TABLE, *_TILTS, "IsocenterPosition", "SnoutPosition"),
        weight=_METERSET[0],
        final=_METERSET[1],
    ),
    "BrachyControlPointSequence": Points(
        "C.8.8.15",
        weight="CumulativeTimeWeight",
        final="FinalCumulativeTimeWeight",
        weight_clause="C.8.8.15.6",
    ),
    "ControlPointDeliverySequence": Points(
        "C.8.8.21",
        index="ReferencedControlPointIndex",
        valued=_turning(*_HEAD, "TableTopEccentric"),
        present=_TABLE,
    ),
    "IonControlPointDeliverySequence": Points(
        "C.8.8.26",
        index="",
        valued=_turning(*_HEAD),
        present=(*_TABLE, *_TILTS, "SnoutPosition"),
    ),
    "BrachyControlPointDeliveredSequence": Points("C.8.8.22", index="ReferencedControlPointIndex"),
    "CArmPhotonElectronControlPointSequence": Points(
        "C.36.15", index="RTControlPointIndex", start=1, weight="CumulativeMeterset"
    ),
    "TomotherapeuticControlPointSequence": Points(
        "C.36.17", index="RTControlPointIndex", start=1, weight="CumulativeMeterset"
    ),
    "RoboticPathControlPointSequence": Points(
        "C.36.19", index="RTControlPointIndex", start=1, weight="CumulativeMeterset"
    ),
}
_TAGS = {number_of(name): name for name in POINTS}


def point_findings(found: Sequence[Level]) -> Iterator[Finding]:
    """The control points of every beam and channel."""
    for item, path in found:
        for tag in item.elements.keys() & _TAGS.keys():
            keyword = _TAGS[tag]
            points, due = items(item, keyword), POINTS[keyword]
            if points:
                yield from _first(points[0], f"{path}{keyword}[0].", due)
                yield from _indices(points, f"{path}{keyword}", due)
            if points and due.weight:
                yield from _weights(points, f"{path}{keyword}", due)
                yield from _final(item, points[-1], path, due)


def _first(point: Item, path: str, due: Points) -> Iterator[Finding]:
    message = "the first control point has to state it"
    for name in due.valued:
        if not text(point, name):
            yield wrong("control-point-0-incomplete", f"{path}{name}", message, due.clause)
    for name in due.present:
        if name not in point:
            yield wrong("control-point-0-incomplete", f"{path}{name}", message, due.clause)


def _indices(points: Sequence[Item], path: str, due: Points) -> Iterator[Finding]:
    if not due.index:
        return
    for place, point in enumerate(points):
        index = integer(point, due.index)
        if index is not None and index != place + due.start:
            message = f"{index}, where {place + due.start} is due"
            where = f"{path}[{place}].{due.index}"
            yield wrong("control-point-order", where, message, due.clause)
            return


def _weights(points: Sequence[Item], path: str, due: Points) -> Iterator[Finding]:
    before = 0.0
    for place, point in enumerate(points):
        where = f"{path}[{place}].{due.weight}"
        weight = number(point, due.weight)
        if weight is None:
            continue
        if place == 0 and weight != 0.0:
            yield wrong("meterset-weight", where, f"{weight:g}, where 0 is due", due.weight_clause)
        if weight < before:
            message = f"{weight:g} after {before:g}"
            yield wrong("meterset-weight", where, message, due.weight_clause)
            return
        before = weight


def _final(item: Item, last_point: Item, path: str, due: Points) -> Iterator[Finding]:
    if not due.final:
        return
    last, final = number(last_point, due.weight), number(item, due.final)
    where = f"{path}{due.final}"
    if last is not None and due.final not in item:
        message = "it is missing, and the control points have weights (type 1C)"
        yield wrong("type-1c-missing", where, message, due.clause)
    if final is not None and last is not None and not np.isclose(last, final, rtol=SAME):
        message = f"the last control point has {last:g}, {final:g} stands here"
        yield wrong("meterset-weight", where, message, due.weight_clause)


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


def standing_findings(
    point: Item, path: str, pairs: Mapping[str, int], clause: str
) -> Iterator[Finding]:
    """Positions of every declared device in a first control point."""
    there = {text(device, "RTBeamLimitingDeviceType") for device in items(point, POSITIONS)}
    for kind in sorted(pairs.keys() - there):
        message = f"the first control point has to state the positions of {kind}"
        yield wrong("control-point-0-incomplete", f"{path}.{POSITIONS}", message, clause)


def energy_findings(point: Item, path: str, clause: str) -> Iterator[Finding]:
    """The energy of the first control point of an ion beam."""
    if not text(point, "NominalBeamEnergy") and "KVP" not in point:
        message = "the first control point has to state it"
        yield wrong("control-point-0-incomplete", f"{path}.NominalBeamEnergy", message, clause)


def not_backwards(
    points: Sequence[Item], path: str, keyword: str, rule: str, clause: str
) -> Iterator[Finding]:
    """What is counted up from control point to control point, and never down."""
    before = 0.0
    for place, point in enumerate(points):
        value = number(point, keyword)
        if value is None:
            continue
        if value < before:
            where = f"{path}[{place}].{keyword}"
            yield wrong(rule, where, f"{value:g} after {before:g}", clause)
            return
        before = value


def times_forwards(points: Sequence[Item], path: str, clause: str) -> Iterator[Finding]:
    """Dates and times of control points, which hardly go back."""
    before = ""
    for place, point in enumerate(points):
        date, time = (text(point, f"TreatmentControlPoint{what}") for what in ("Date", "Time"))
        if not (date and time):
            continue
        if date + time < before:
            where = f"{path}[{place}].TreatmentControlPointTime"
            yield doubtful("time-order", where, "it is before that of the one before", clause)
            return
        before = date + time
