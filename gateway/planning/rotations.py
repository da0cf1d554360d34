"""Angles of a plan (0 to 360, with directions) as continuous angles within an axis' range."""

from collections.abc import Sequence

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import AxisLimits
from gateway.domain.units import FloatArray, wrap_degrees

SAME_ANGLE_DEG = 1e-6
"""Angles this close are equal: with a direction given, a full turn lies between them."""

_CLOCKWISE_INCREASES = frozenset({Axis.GANTRY, Axis.COUCH_PITCH, Axis.COUCH_ROLL})
"""IEC 61217: seen as DICOM PS3.3 C.8.8.14 tells to look at each axis, clockwise is positive for
these and negative for the collimator and the patient support."""


def unwrap(axis: Axis, stated_deg: FloatArray, directions: Sequence[str]) -> FloatArray:
    """The way ``axis`` goes, continuous, starting from the first stated angle.

    ``directions[i]`` (``CW``, ``CC``, ``NONE``) is how it gets from control point i to the next.
    Equal angles with a direction are a full turn; a change without one goes the shorter way.
    """
    steps: FloatArray = wrap_degrees(np.diff(stated_deg))
    moves = np.array(directions[: steps.size], dtype=np.str_)
    if steps.size and (moves != "NONE").any():
        upwards = "CW" if axis in _CLOCKWISE_INCREASES else "CC"
        increasing = moves == upwards
        decreasing = (moves != "NONE") & ~increasing
        steps[increasing & (steps < SAME_ANGLE_DEG)] += 360.0
        steps[decreasing & (steps > -SAME_ANGLE_DEG)] -= 360.0
    return np.concatenate(([stated_deg[0]], stated_deg[0] + np.cumsum(steps)))


def place(path_deg: FloatArray, limits: AxisLimits) -> FloatArray:
    """``path_deg`` by that many full turns within ``limits`` that the whole of it fits.

    Of several that fit, the one nearest to 0 is taken, of two as near the positive one. Where
    none fits, the one that leaves the range least.
    """
    low, high = float(path_deg.min()), float(path_deg.max())
    middle = round((low + high) / 720.0)

    def cost(turns: int) -> tuple[float, float, int]:
        shift = 360.0 * turns
        beyond = max(limits.minimum - (low + shift), (high + shift) - limits.maximum, 0.0)
        farthest = max(abs(low + shift), abs(high + shift))
        return (round(beyond, 3), round(farthest, 3), -turns)

    turns = min(range(-middle - 2, -middle + 3), key=cost)
    placed: FloatArray = path_deg + 360.0 * turns
    return placed
