"""Where everything stands at a control point, written as plans and records write it.

The first control point is complete; a later one states only what has changed since (PS3.3
C.8.8.14 and C.8.8.21). Where one beam limiting device has moved all are stated: there are readers
that take the sequence of positions as a whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydicom import Dataset

from gateway.domain.axes import Axis

ANGLES: Mapping[Axis, tuple[str, str]] = {
    Axis.GANTRY: ("GantryAngle", "GantryRotationDirection"),
    Axis.COLLIMATOR: ("BeamLimitingDeviceAngle", "BeamLimitingDeviceRotationDirection"),
    Axis.COUCH_ROTATION: ("PatientSupportAngle", "PatientSupportRotationDirection"),
    Axis.COUCH_PITCH: ("TableTopPitchAngle", "TableTopPitchRotationDirection"),
    Axis.COUCH_ROLL: ("TableTopRollAngle", "TableTopRollRotationDirection"),
}
"""Keywords of angle and rotation direction by axis."""

TABLE_TOP: Mapping[Axis, str] = {
    Axis.COUCH_VERTICAL: "TableTopVerticalPosition",
    Axis.COUCH_LONGITUDINAL: "TableTopLongitudinalPosition",
    Axis.COUCH_LATERAL: "TableTopLateralPosition",
}
"""Keywords of the couch translations by axis."""

FLOAT_ANGLES = frozenset({Axis.COUCH_PITCH, Axis.COUCH_ROLL})
"""Angles whose value representation is FL; all others are DS."""


@dataclass(frozen=True, slots=True)
class Motion:
    """What stands at one control point, as text: angle and direction, positions, apertures."""

    angles: Mapping[Axis, tuple[str, str]] = field(default_factory=dict)
    translations: Mapping[Axis, str] = field(default_factory=dict)
    devices: Mapping[str, Sequence[str]] = field(default_factory=dict)


def add_motion(item: Dataset, motion: Motion, previous: Motion | None) -> None:
    """Write ``motion`` to a control point: all of it, or what differs from ``previous``."""
    before = previous if previous is not None else Motion()
    if motion.devices != before.devices:
        item.BeamLimitingDevicePositionSequence = [
            _positions(device, positions) for device, positions in motion.devices.items()
        ]
    for axis, (angle, direction) in motion.angles.items():
        if before.angles.get(axis) != (angle, direction):
            _add_angle(item, axis, angle, direction)
    for axis, keyword in TABLE_TOP.items():
        position = motion.translations.get(axis, "")
        if previous is None or position != before.translations.get(axis, ""):
            setattr(item, keyword, position)
    if previous is None:
        item.TableTopEccentricAngle = "0"
        item.TableTopEccentricRotationDirection = "NONE"


def _add_angle(item: Dataset, axis: Axis, angle: str, direction: str) -> None:
    keyword, direction_keyword = ANGLES[axis]
    setattr(item, keyword, float(angle) if axis in FLOAT_ANGLES else angle)
    setattr(item, direction_keyword, direction)


def _positions(device: str, positions: Sequence[str]) -> Dataset:
    item = Dataset()
    item.RTBeamLimitingDeviceType = device
    item.LeafJawPositions = list(positions)
    return item
