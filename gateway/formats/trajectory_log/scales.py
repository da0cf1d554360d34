"""From the scales of a trajectory log to IEC 61217, in mm and degree."""

from collections.abc import Callable, Mapping

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.units import FloatArray, continuous_degrees
from gateway.formats.trajectory_log.log import LogAxis, Scale

MM_PER_CM = 10.0
_WRAP_CM = 1000.0
_LATERAL_WRAPS_FROM_CM = 500.0
_ISOCENTRE_CM = 100.0
_TURN_DEG = 360.0

Conversion = Callable[[FloatArray], FloatArray]


def _same(degrees: FloatArray) -> FloatArray:
    return degrees


def _outwards(cm: FloatArray) -> FloatArray:
    return MM_PER_CM * cm


def _outwards_negative(cm: FloatArray) -> FloatArray:
    return -MM_PER_CM * cm


def _from_half_turn(degrees: FloatArray) -> FloatArray:
    return 180.0 - degrees


def _from_whole_turn(degrees: FloatArray) -> FloatArray:
    return 360.0 - degrees


def _from_isocentre(cm: FloatArray) -> FloatArray:
    return MM_PER_CM * (cm - _ISOCENTRE_CM)


def _above_isocentre(cm: FloatArray) -> FloatArray:
    """The scale counts downwards: in real logs the table stands at 113 to 125 cm, below 100."""
    return MM_PER_CM * (_ISOCENTRE_CM - cm)


def _to_isocentre(mm: FloatArray) -> FloatArray:
    return mm / MM_PER_CM + _ISOCENTRE_CM


def _below_isocentre(mm: FloatArray) -> FloatArray:
    return _ISOCENTRE_CM - mm / MM_PER_CM


def _to_cm(mm: FloatArray) -> FloatArray:
    return mm / MM_PER_CM


def _to_cm_negative(mm: FloatArray) -> FloatArray:
    return -mm / MM_PER_CM


def _wrap_vertical(mm: FloatArray) -> FloatArray:
    return np.where(mm > 0, mm / MM_PER_CM + _WRAP_CM, -mm / MM_PER_CM)


def _wrap_lateral(mm: FloatArray) -> FloatArray:
    return np.where(mm < 0, mm / MM_PER_CM + _WRAP_CM, mm / MM_PER_CM)


def _wrapped_vertical(cm: FloatArray) -> FloatArray:
    return MM_PER_CM * np.where(cm >= _WRAP_CM, cm - _WRAP_CM, -cm)


def _wrapped_lateral(cm: FloatArray) -> FloatArray:
    return MM_PER_CM * np.where(cm > _LATERAL_WRAPS_FROM_CM, cm - _WRAP_CM, cm)


AXES: Mapping[LogAxis, Axis] = {
    LogAxis.GANTRY: Axis.GANTRY,
    LogAxis.COLLIMATOR: Axis.COLLIMATOR,
    LogAxis.COUCH_ROTATION: Axis.COUCH_ROTATION,
    LogAxis.COUCH_PITCH: Axis.COUCH_PITCH,
    LogAxis.COUCH_ROLL: Axis.COUCH_ROLL,
    LogAxis.COUCH_VERTICAL: Axis.COUCH_VERTICAL,
    LogAxis.COUCH_LONGITUDINAL: Axis.COUCH_LONGITUDINAL,
    LogAxis.COUCH_LATERAL: Axis.COUCH_LATERAL,
    LogAxis.X1: Axis.X1,
    LogAxis.X2: Axis.X2,
    LogAxis.Y1: Axis.Y1,
    LogAxis.Y2: Axis.Y2,
}
_JAWS: Mapping[Axis, Conversion] = {
    Axis.X1: _outwards_negative,
    Axis.X2: _outwards,
    Axis.Y1: _outwards_negative,
    Axis.Y2: _outwards,
}
CONVERSIONS: Mapping[Scale, Mapping[Axis, Conversion]] = {
    Scale.MACHINE: {
        **_JAWS,
        Axis.GANTRY: _from_half_turn,
        Axis.COLLIMATOR: _from_half_turn,
        Axis.COUCH_ROTATION: _from_half_turn,
        Axis.COUCH_PITCH: _same,
        Axis.COUCH_ROLL: _same,
        Axis.COUCH_VERTICAL: _above_isocentre,
        Axis.COUCH_LONGITUDINAL: _outwards,
        Axis.COUCH_LATERAL: _from_isocentre,
    },
    Scale.MODIFIED_IEC_61217: {
        **_JAWS,
        Axis.GANTRY: _same,
        Axis.COLLIMATOR: _same,
        Axis.COUCH_ROTATION: _from_whole_turn,
        Axis.COUCH_PITCH: _same,
        Axis.COUCH_ROLL: _same,
        Axis.COUCH_VERTICAL: _wrapped_vertical,
        Axis.COUCH_LONGITUDINAL: _outwards,
        Axis.COUCH_LATERAL: _wrapped_lateral,
    },
}
_INVERSES: Mapping[Conversion, Conversion] = {
    _same: _same,
    _outwards: _to_cm,
    _outwards_negative: _to_cm_negative,
    _from_half_turn: _from_half_turn,
    _from_whole_turn: _from_whole_turn,
    _from_isocentre: _to_isocentre,
    _above_isocentre: _below_isocentre,
    _wrapped_vertical: _wrap_vertical,
    _wrapped_lateral: _wrap_lateral,
}
TILTS = frozenset({Axis.COUCH_PITCH, Axis.COUCH_ROLL})


def iec_61217(axis: Axis, scale: Scale, values: FloatArray) -> FloatArray:
    """Positions of an axis in mm or degree; rotations continuous; tilts are about 0."""
    converted = CONVERSIONS[scale][axis](values)
    if axis in TILTS:
        return np.unwrap(converted, period=360.0)
    return continuous_degrees(converted) if axis.is_angle else converted


def as_logged(axis: Axis, scale: Scale, values: FloatArray) -> FloatArray:
    """The inverse of :func:`iec_61217`, in cm or degree; rotations within [0, 360)."""
    logged = _INVERSES[CONVERSIONS[scale][axis]](values)
    return logged % _TURN_DEG if axis.is_angle and axis not in TILTS else logged
