"""A program as a trajectory: by control point, and in time."""

import math

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.plan import Beam
from gateway.domain.program import MachineProgram
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import BoolArray, FloatArray, frozen, frozen_flags
from gateway.planning.rotations import unwrap

_ON_A_ROW = 1e-9


def planned_trajectory(program: MachineProgram) -> Trajectory:
    """What ``program`` intends, with a row for each of its control points.

    Between them are rows where the pieces of its profile begin: positions and meterset are linear
    in the control point between any two rows, and time nearly so.
    """
    profile = program.profile
    rows = np.arange(program.positions.shape[0], dtype=np.float64)
    between = profile.s[np.abs(profile.s - np.rint(profile.s)) > _ON_A_ROW]
    s = np.sort(np.concatenate((rows, between)))
    return _trajectory(program, s, times_at(program, s))


def stated_trajectory(beam: Beam) -> Trajectory:
    """What a plan states of ``beam``, whatever machine it is for: a row for each control point.

    A plan states no time: ``time_s`` is not a number. Axes it leaves open are absent.
    """
    count = beam.control_point_count
    axes = {
        axis: frozen(
            unwrap(axis, stated, beam.rotation.get(axis, ("NONE",) * count))
            if axis.is_angle
            else stated
        )
        for axis, stated in beam.axes.items()
    }
    share = beam.meterset_weight / beam.meterset_weight[-1]
    delivers = np.append(np.diff(share) > 0, False)
    return Trajectory(
        beam_number=beam.number,
        source="plan",
        time_s=frozen(np.full(count, np.nan)),
        meterset_mu=frozen(share * beam.meterset_mu),
        control_point=frozen(np.arange(count)),
        axes=axes,
        leaves={device: frozen(leaves) for device, leaves in beam.leaves.items()},
        beam_on=frozen_flags(delivers),
        held=_none(count),
    )


def sample_program(program: MachineProgram, period_s: float) -> Trajectory:
    """What ``program`` intends, every ``period_s`` (s) and at its very end."""
    duration_s = program.profile.duration_s
    count = math.floor(duration_s / period_s) + 1
    time_s = np.append(period_s * np.arange(count), duration_s)
    if duration_s - time_s[-2] <= 0:
        time_s = time_s[:-1]
    s = np.clip(program.profile.s_at(time_s), 0.0, program.positions.shape[0] - 1)
    return _trajectory(program, s, time_s)


def times_at(program: MachineProgram, s: FloatArray) -> FloatArray:
    """When the program passes each path position (s, ascending), by the roots of its pieces."""
    profile = program.profile
    piece = np.clip(np.searchsorted(profile.s, s + _ON_A_ROW, side="right") - 1, 0, None)
    way = np.maximum(s - profile.s[piece], 0.0)
    speed, acceleration = profile.speed[piece], profile.acceleration[piece]
    root = np.sqrt(np.maximum(speed**2 + 2.0 * acceleration * way, 0.0))
    total = speed + root
    time_s = profile.time_s[piece] + np.divide(
        2.0 * way, total, out=np.zeros_like(way), where=total > 0
    )
    time_s[s >= program.positions.shape[0] - 1] = profile.duration_s
    return np.maximum.accumulate(np.minimum(time_s, profile.duration_s))


def _trajectory(program: MachineProgram, s: FloatArray, time_s: FloatArray) -> Trajectory:
    row = np.minimum(s.astype(np.intp), program.positions.shape[0] - 2)
    share = (s - row)[:, np.newaxis]
    start, step = program.positions[row], np.diff(program.positions, axis=0)[row]
    positions = frozen(start + share * step)
    rows = np.arange(program.meterset_mu.size)
    layout = program.layout
    axes: dict[Axis, FloatArray] = {
        axis: positions[:, column] for column, axis in enumerate(layout.scalars)
    }
    axes |= {axis: frozen(np.full(s.size, target)) for axis, target in program.couch.items()}
    return Trajectory(
        beam_number=program.beam_number,
        source="plan",
        time_s=frozen(time_s),
        meterset_mu=frozen(np.interp(s, rows, program.meterset_mu)),
        control_point=frozen(np.interp(s, rows, program.plan_control_point)),
        axes=axes,
        leaves={device: positions[:, columns] for device, columns in layout.mlc_slices.items()},
        beam_on=_beam_on(program, s),
        held=_none(s.size),
    )


def _beam_on(program: MachineProgram, s: FloatArray) -> BoolArray:
    """Whether the segment that follows delivers meterset; false at the very end."""
    delivers = np.append(np.diff(program.meterset_mu) > 0, False)
    on: BoolArray = delivers[s.astype(np.intp)]
    on.flags.writeable = False
    return on


def _none(size: int) -> BoolArray:
    none = np.zeros(size, dtype=np.bool_)
    none.flags.writeable = False
    return none
