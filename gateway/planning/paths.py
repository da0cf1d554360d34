"""Where in an RT Plan the things stand that findings are about."""

from gateway.domain.axes import Axis
from gateway.domain.plan import Beam

_KEYWORDS = {
    Axis.GANTRY: "GantryAngle",
    Axis.COLLIMATOR: "BeamLimitingDeviceAngle",
    Axis.COUCH_ROTATION: "PatientSupportAngle",
    Axis.COUCH_PITCH: "TableTopPitchAngle",
    Axis.COUCH_ROLL: "TableTopRollAngle",
    Axis.COUCH_VERTICAL: "TableTopVerticalPosition",
    Axis.COUCH_LONGITUDINAL: "TableTopLongitudinalPosition",
    Axis.COUCH_LATERAL: "TableTopLateralPosition",
}


def control_point_path(beam: Beam, control_point: int) -> str:
    """A control point of ``beam``."""
    return f"{beam.path}.ControlPointSequence[{control_point}]"


def axis_path(beam: Beam, control_point: int, axis: Axis) -> str:
    """The attribute that states ``axis``; jaws stand among the device positions."""
    keyword = _KEYWORDS.get(axis, "BeamLimitingDevicePositionSequence")
    return f"{control_point_path(beam, control_point)}.{keyword}"


def seen_at(control_point: int, places: int) -> str:
    """Where something was first seen, and at how many places more."""
    more = f" and {places - 1} more" if places > 1 else ""
    return f" (control point {control_point}{more})"


def leaf_path(beam: Beam, control_point: int) -> str:
    """Where leaf positions stand."""
    return f"{control_point_path(beam, control_point)}.BeamLimitingDevicePositionSequence"
