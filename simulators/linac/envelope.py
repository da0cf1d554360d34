"""What every position of a machine may do, as columns in its layout."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import JAWS
from gateway.domain.machine import MachineModel, MlcModel
from gateway.domain.units import FloatArray, frozen


@dataclass(frozen=True, slots=True)
class Envelope:
    """Columns ``(layout.size,)``: mm or degree, per second; what the machine holds its beam at."""

    minimum: FloatArray
    maximum: FloatArray
    speed: FloatArray
    acceleration: FloatArray
    hold_tolerance: FloatArray
    parked: FloatArray


def envelope(model: MachineModel) -> Envelope:
    """The envelope of ``model``. ``parked`` is where the axes stand after power-up."""
    layout = model.layout
    rows = [
        (limits.minimum, limits.maximum, limits.speed, limits.acceleration)
        for limits in (model.axes[axis] for axis in layout.scalars)
    ]
    rows += [row for mlc in model.mlcs.values() for row in _leaves(mlc)]
    minimum, maximum, speed, acceleration = np.array(rows, dtype=np.float64).T
    return Envelope(
        frozen(minimum),
        frozen(maximum),
        frozen(speed),
        frozen(acceleration),
        frozen(_hold_tolerance(model)),
        frozen(np.clip(0.0, minimum, maximum)),
    )


def _leaves(mlc: MlcModel) -> list[tuple[float, float, float, float]]:
    negative = (-mlc.retract_mm, mlc.overtravel_mm, mlc.speed, mlc.acceleration)
    positive = (-mlc.overtravel_mm, mlc.retract_mm, mlc.speed, mlc.acceleration)
    return [negative] * mlc.pairs + [positive] * mlc.pairs


def _hold_tolerance(model: MachineModel) -> FloatArray:
    layout, servo = model.layout, model.servo
    tolerance = np.full(layout.size, servo.leaf_hold_tolerance_mm)
    for column, axis in enumerate(layout.scalars):
        tolerance[column] = (
            servo.jaw_hold_tolerance_mm if axis in JAWS else servo.angle_hold_tolerance_deg
        )
    return tolerance
