"""Where every axis of a machine stands at every control point of a beam."""

import numpy as np

from gateway.domain.axes import JAWS, Axis
from gateway.domain.machine import AxisLimits, MachineModel, MlcModel
from gateway.domain.plan import Beam
from gateway.domain.units import WIRE_UNITS_PER_MM, FloatArray
from gateway.planning.envelope import envelope
from gateway.planning.rotations import place, unwrap

_OPENING_SIDE = {Axis.X1: -1, Axis.X2: 1, Axis.Y1: -1, Axis.Y2: 1}


def beam_positions(beam: Beam, machine: MachineModel) -> FloatArray:
    """``(control points, layout.size)`` in mm or degree, rotations continuous.

    What the plan does not state: rotations at 0, jaws and leaves as open as they go. Values are
    whole wire units; nothing is kept from leaving a range by more than the slack.
    """
    layout, count = machine.layout, beam.control_point_count
    positions = np.empty((count, layout.size))
    for column, axis in enumerate(layout.scalars):
        positions[:, column] = _scalar(beam, axis, machine.axes[axis])
    for device, columns in layout.mlc_slices.items():
        stated = beam.leaves.get(device)
        positions[:, columns] = parked(machine.mlcs[device]) if stated is None else stated
    rounded = np.rint(positions * WIRE_UNITS_PER_MM) / WIRE_UNITS_PER_MM
    return envelope(machine).settled(rounded)


def parked(mlc: MlcModel) -> FloatArray:
    """``(2 * pairs,)``: every leaf fully retracted."""
    return np.repeat((-mlc.retract_mm, mlc.retract_mm), mlc.pairs)


def _scalar(beam: Beam, axis: Axis, limits: AxisLimits) -> FloatArray | float:
    stated = beam.axes.get(axis)
    if stated is None:
        if axis in JAWS:
            return limits.minimum if _OPENING_SIDE[axis] < 0 else limits.maximum
        return min(max(0.0, limits.minimum), limits.maximum)
    if not axis.is_angle:
        return stated
    directions = beam.rotation.get(axis, ("NONE",) * stated.size)
    return place(unwrap(axis, stated, directions), limits)
