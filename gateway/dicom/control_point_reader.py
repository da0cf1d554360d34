"""Control points of a beam, resolved: unchanged values carried forward per attribute and device.

PS3.3 C.8.8.14: a value stands until a later control point states another.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gateway.dicom.item import Item
from gateway.domain.axes import COUCH_TRANSLATIONS, JAW_DEVICES, Axis
from gateway.domain.plan import BeamLimitingDevice
from gateway.domain.units import FloatArray, frozen

DIRECTIONS = ("CW", "CC", "NONE")
_ANGLES: Mapping[Axis, tuple[str, str]] = {
    Axis.GANTRY: ("GantryAngle", "GantryRotationDirection"),
    Axis.COLLIMATOR: ("BeamLimitingDeviceAngle", "BeamLimitingDeviceRotationDirection"),
    Axis.COUCH_ROTATION: ("PatientSupportAngle", "PatientSupportRotationDirection"),
    Axis.COUCH_PITCH: ("TableTopPitchAngle", "TableTopPitchRotationDirection"),
    Axis.COUCH_ROLL: ("TableTopRollAngle", "TableTopRollRotationDirection"),
}
_REQUIRED_ANGLES = (Axis.GANTRY, Axis.COLLIMATOR, Axis.COUCH_ROTATION)
_FLOAT32_ANGLES = (Axis.COUCH_PITCH, Axis.COUCH_ROLL)
_COUCH: Mapping[Axis, str] = {
    Axis.COUCH_VERTICAL: "TableTopVerticalPosition",
    Axis.COUCH_LONGITUDINAL: "TableTopLongitudinalPosition",
    Axis.COUCH_LATERAL: "TableTopLateralPosition",
}
_UNSUPPORTED: Mapping[str, str] = {
    "GantryPitchAngle": "a pitched gantry",
    "TableTopEccentricAngle": "an eccentric table top",
}
COUCH_RESOLUTION_MM = 0.005


@dataclass(frozen=True, slots=True)
class ControlPoints:
    """The columns of :class:`gateway.domain.plan.Beam` that come from control points."""

    meterset_weight: FloatArray
    axes: Mapping[Axis, FloatArray]
    rotation: Mapping[Axis, tuple[str, ...]]
    leaves: Mapping[str, FloatArray]
    nominal_energy: float
    dose_rate_mu_per_min: float | None
    isocenter_mm: tuple[float, float, float] | None
    wedge_positions: tuple[Mapping[int, str], ...]


def read_control_points(
    beam: Item, devices: Mapping[str, BeamLimitingDevice]
) -> ControlPoints | None:
    """The columns, or None where a finding noted in ``beam.notes`` makes them impossible."""
    points = list(beam.items("ControlPointSequence"))
    if not _right_count(beam, len(points)):
        return None
    weights = _weights(beam, points)
    positions = _device_positions(points, devices)
    angles = {axis: column for axis in _ANGLES if (column := _angle(points, axis)) is not None}
    energies = _carried(points, "NominalBeamEnergy")
    if energies is None:
        points[0].required_number("NominalBeamEnergy")
    elif np.unique(energies).size > 1:
        path = beam.where("ControlPointSequence")
        beam.notes.error("energy-change", path, "the energy changes within the beam")
    _refuse_unsupported(points)
    if weights is None or energies is None:
        return None
    return ControlPoints(
        meterset_weight=weights,
        axes={**angles, **_couch(points), **_jaws(positions)},
        rotation={axis: _rotation(points, axis) for axis in angles},
        leaves={kind: column for kind, column in positions.items() if kind not in JAW_DEVICES},
        nominal_energy=float(energies[0]),
        dose_rate_mu_per_min=_dose_rate(points),
        isocenter_mm=_isocenter(points),
        wedge_positions=_wedge_positions(points),
    )


def _right_count(beam: Item, found: int) -> bool:
    declared = beam.integer("NumberOfControlPoints")
    path = beam.where("ControlPointSequence")
    if declared is not None and found < declared:
        text = f"control point {found} is missing: {declared} are declared, {found} are there"
        beam.notes.error("missing-control-point", f"{path}[{found}]", text)
        return False
    if declared is not None and found > declared:
        text = f"{found} control points are there, {declared} are declared"
        beam.notes.error("control-point-count", path, text)
        return False
    if found < 2:
        text = f"a beam needs at least 2 control points, {found} is there"
        beam.notes.error("missing-control-point", f"{path}[{found}]", text)
        return False
    return True


def _weights(beam: Item, points: list[Item]) -> FloatArray | None:
    stated = [point.required_number("CumulativeMetersetWeight") for point in points]
    final = beam.required_number("FinalCumulativeMetersetWeight")
    if final is None or any(weight is None for weight in stated):
        return None
    weights = np.array(stated, dtype=np.float64)
    path = beam.where("ControlPointSequence")
    if final <= 0:
        where = beam.where("FinalCumulativeMetersetWeight")
        beam.notes.error("meterset-weight", where, f"{final:g} is not above 0")
        return None
    if weights[0] != 0:
        where = points[0].where("CumulativeMetersetWeight")
        beam.notes.error("meterset-weight", where, f"the first is {weights[0]:g}, wanted 0")
    falling = np.flatnonzero(np.diff(weights) < 0)
    if falling.size:
        where = points[int(falling[0]) + 1].where("CumulativeMetersetWeight")
        beam.notes.error("meterset-weight", where, "cumulative weights descend")
    if abs(weights[-1] - final) > 1e-6 * final:
        where = f"{path}[{len(points) - 1}].CumulativeMetersetWeight"
        text = f"the last is {weights[-1]:g}, the final weight of the beam {final:g}"
        beam.notes.error("meterset-weight", where, text)
    scaled = weights / final
    scaled[-1] = 1.0
    return frozen(np.minimum(scaled, 1.0))


def _angle(points: list[Item], axis: Axis) -> FloatArray | None:
    keyword, _ = _ANGLES[axis]
    column = _carried(points, keyword, small=axis in _FLOAT32_ANGLES)
    if column is None:
        if axis in _REQUIRED_ANGLES:
            points[0].required_number(keyword)
        return None
    beyond = np.flatnonzero(np.abs(column) > 360.0)
    if beyond.size:
        where = points[int(beyond[0])].where(keyword)
        points[0].notes.error("angle", where, f"{column[beyond[0]]:g} degree is not an angle")
        return None
    return frozen(column)


def _rotation(points: list[Item], axis: Axis) -> tuple[str, ...]:
    _, keyword = _ANGLES[axis]
    directions: list[str] = []
    for point in points:
        stated = point.text(keyword)
        if stated and stated not in DIRECTIONS:
            point.notes.error("direction", point.where(keyword), f"{stated} is not CW, CC or NONE")
        directions.append(stated or (directions[-1] if directions else "NONE"))
    return tuple(directions)


def _carried(points: list[Item], keyword: str, *, small: bool = False) -> FloatArray | None:
    """The column of a number that stands until another is stated; None where the first has none."""
    values: list[float] = []
    for point in points:
        value = point.float32(keyword) if small else point.number(keyword)
        if value is None and not values:
            return None
        values.append(values[-1] if value is None else value)
    return np.array(values, dtype=np.float64)


def _couch(points: list[Item]) -> dict[Axis, FloatArray]:
    """Absolute couch positions; one that is empty first and stated later is relative."""
    columns: dict[Axis, FloatArray] = {}
    for axis in COUCH_TRANSLATIONS:
        keyword = _COUCH[axis]
        column = _carried(points, keyword)
        if column is not None:
            columns[axis] = frozen(column)
            if np.ptp(column) > COUCH_RESOLUTION_MM:
                text = "the couch moves during the beam; that cannot be delivered"
                points[0].notes.error("couch-motion", points[0].where(keyword), text)
            continue
        for point in points[1:]:
            if point.number(keyword):
                text = "the couch moves during the beam (relative); that cannot be delivered"
                point.notes.error("couch-motion", point.where(keyword), text)
                break
    return columns


def _device_positions(
    points: list[Item], devices: Mapping[str, BeamLimitingDevice]
) -> dict[str, FloatArray]:
    rows: dict[str, list[FloatArray]] = {kind: [] for kind in devices}
    for index, point in enumerate(points):
        stated = _stated_positions(point, devices)
        for kind, column in rows.items():
            if kind in stated:
                column.append(stated[kind])
            elif column:
                column.append(column[-1])
            elif index == 0:
                path = point.where("BeamLimitingDevicePositionSequence")
                text = f"the first control point does not say where {kind} stands"
                point.notes.error("missing", path, text)
    return {
        kind: frozen(np.stack(column))
        for kind, column in rows.items()
        if len(column) == len(points)
    }


def _stated_positions(
    point: Item, devices: Mapping[str, BeamLimitingDevice]
) -> dict[str, FloatArray]:
    stated: dict[str, FloatArray] = {}
    for item in point.items("BeamLimitingDevicePositionSequence"):
        kind = item.text("RTBeamLimitingDeviceType")
        if kind not in devices:
            text = f"{kind or 'empty'} is not a device of this beam"
            item.notes.error("dangling-reference", item.where("RTBeamLimitingDeviceType"), text)
            continue
        if kind in stated:
            item.notes.error("duplicate-device", item.path, f"{kind} stands twice")
        wanted = 2 * devices[kind].pairs
        values = item.numbers("LeafJawPositions")
        if values is None or values.size != wanted:
            found = 0 if values is None else values.size
            text = f"{found} positions for {devices[kind].pairs} pairs of {kind}, wanted {wanted}"
            item.notes.error("leaf-count", item.where("LeafJawPositions"), text)
            continue
        stated[kind] = values
    return stated


def _jaws(positions: Mapping[str, FloatArray]) -> dict[Axis, FloatArray]:
    axes: dict[Axis, FloatArray] = {}
    for kind, (negative, positive) in JAW_DEVICES.items():
        if kind in positions:
            axes[negative] = frozen(positions[kind][:, 0])
            axes[positive] = frozen(positions[kind][:, 1])
    return axes


def _dose_rate(points: list[Item]) -> float | None:
    """The highest that is stated: within a beam the planner may only go below it."""
    highest = 0.0
    for point in points:
        rate = point.number("DoseRateSet")
        if rate is not None and rate < 0:
            point.notes.error("dose-rate", point.where("DoseRateSet"), f"{rate:g} is below 0")
        highest = max(highest, rate or 0.0)
    return highest if highest > 0 else None


def _isocenter(points: list[Item]) -> tuple[float, float, float] | None:
    found: tuple[float, float, float] | None = None
    for point in points:
        values = point.numbers("IsocenterPosition", 3)
        if values is None:
            continue
        here = (float(values[0]), float(values[1]), float(values[2]))
        if found is not None and here != found:
            text = "the isocentre changes within the beam; that cannot be delivered"
            point.notes.error("isocentre-change", point.where("IsocenterPosition"), text)
        found = here
    return found


def _wedge_positions(points: list[Item]) -> tuple[Mapping[int, str], ...]:
    rows: list[Mapping[int, str]] = []
    current: dict[int, str] = {}
    for point in points:
        for item in point.items("WedgePositionSequence"):
            number = item.required_integer("ReferencedWedgeNumber")
            if number is not None:
                current = {**current, number: item.text("WedgePosition")}
        rows.append(current)
    return tuple(rows) if current else ()


def _refuse_unsupported(points: list[Item]) -> None:
    for point in points:
        for keyword, words in _UNSUPPORTED.items():
            small = keyword == "GantryPitchAngle"
            value = point.float32(keyword) if small else point.number(keyword)
            if value:
                text = f"{words} cannot be delivered"
                point.notes.error("unsupported-motion", point.where(keyword), text)
