"""What every position of a machine may do, as columns in its layout."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.machine import MachineModel, MlcModel
from gateway.domain.units import BoolArray, FloatArray

SLACK = 0.01
"""mm or degree: how far a plan may be beyond a limit by rounding. Compiled positions are not."""

Row = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Envelope:
    """Columns ``(layout.size,)``: mm or degree, per second, per second squared.

    ``turns`` marks the rotations. Columns that cannot move have speed and acceleration 0.
    """

    minimum: FloatArray
    maximum: FloatArray
    speed: FloatArray
    acceleration: FloatArray
    turns: BoolArray

    def settled(self, positions: FloatArray) -> FloatArray:
        """``positions`` ``(n, layout.size)`` with overshoots of up to SLACK put on the limit."""
        low = (positions < self.minimum) & (positions >= self.minimum - SLACK)
        high = (positions > self.maximum) & (positions <= self.maximum + SLACK)
        result: FloatArray = np.where(low, self.minimum, np.where(high, self.maximum, positions))
        return result


def envelope(machine: MachineModel) -> Envelope:
    """The envelope of ``machine``."""
    scalars = machine.layout.scalars
    rows: list[Row] = [
        (limits.minimum, limits.maximum, limits.speed, limits.acceleration)
        for limits in (machine.axes[axis] for axis in scalars)
    ]
    for mlc in machine.mlcs.values():
        rows += _leaf_rows(mlc)
    minimum, maximum, speed, acceleration = np.array(rows, dtype=np.float64).T
    turns = np.zeros(len(rows), dtype=np.bool_)
    turns[: len(scalars)] = [axis.is_angle for axis in scalars]
    return Envelope(minimum, maximum, speed, acceleration, turns)


def _leaf_rows(mlc: MlcModel) -> list[Row]:
    negative = (-mlc.retract_mm, mlc.overtravel_mm, mlc.speed, mlc.acceleration)
    positive = (-mlc.overtravel_mm, mlc.retract_mm, mlc.speed, mlc.acceleration)
    return [negative] * mlc.pairs + [positive] * mlc.pairs
