"""Array types and the numeric conventions of the house.

Inside the gateway every length is in mm, every angle in degree, every meterset in MU, every
time in second (or integer nanosecond, named ``_ns``), and every position is an IEC 61217
position; leaf and jaw positions are projected to the isocentre plane. Conversions happen only
at the edges (DICOM, wires, files).
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
PixelArray = npt.NDArray[np.uint16]

NS_PER_S = 1_000_000_000
WIRE_UNITS_PER_MM = 1000
"""Positions travel and are stored as integers of 0.001 mm or 0.001 degree."""


def frozen(values: npt.ArrayLike) -> FloatArray:
    """``values`` as float64 that nobody can change: a copy, unless they are such already."""
    if isinstance(values, np.ndarray) and _is_frozen(values):
        return values
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


def _is_frozen(values: FloatArray) -> bool:
    return values.dtype == np.float64 and values.base is None and not values.flags.writeable


def frozen_flags(flags: npt.ArrayLike) -> BoolArray:
    """A read-only copy of truth values."""
    array = np.array(flags, dtype=np.bool_)
    array.flags.writeable = False
    return array


def continuous_degrees(angle: FloatArray) -> FloatArray:
    """Successive angles without jumps of a turn, the first of them in [0, 360) degree."""
    turned: FloatArray = np.unwrap(angle, period=360.0)
    return turned - 360.0 * np.floor(turned[:1] / 360.0)


def wrap_degrees(angle: FloatArray) -> FloatArray:
    """``angle`` brought to [-180, 180) degree, element by element."""
    wrapped: FloatArray = (angle + 180.0) % 360.0 - 180.0
    return wrapped
