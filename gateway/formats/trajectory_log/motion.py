"""A trajectory log as trajectories, one for each sub-beam."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import BoolArray, FloatArray, frozen, frozen_flags
from gateway.formats.trajectory_log.log import (
    BeamHold,
    LogAxis,
    SnapshotArray,
    TrajectoryLog,
)
from gateway.formats.trajectory_log.scales import AXES, MM_PER_CM, iec_61217

CARRIAGES = 2
MS_PER_S = 1000.0
ACTUAL, EXPECTED = "trajectory log", "trajectory log, expected"
METERSET_TOLERANCE_MU = 1e-3
"""Expected metersets are single-precision sums: 1e-7 of 10,000 MU."""


def actual_trajectories(log: TrajectoryLog) -> tuple[Trajectory, ...]:
    """What the machine measured of itself, a trajectory for each sub-beam, numbered from 1."""
    return tuple(_trajectories(log, log.actual, ACTUAL))


def expected_trajectories(log: TrajectoryLog) -> tuple[Trajectory, ...]:
    """What the machine asked of itself, as :func:`actual_trajectories`."""
    return tuple(_trajectories(log, log.expected, EXPECTED))


def _trajectories(log: TrajectoryLog, values: SnapshotArray, source: str) -> Iterator[Trajectory]:
    for number, span in enumerate(sub_beam_spans(log), start=1):
        if span.start < span.stop:
            yield _trajectory(log, values[span], source, number, span)


def sub_beam_spans(log: TrajectoryLog) -> tuple[slice, ...]:
    """The snapshots of each sub-beam; all of them in one where the log does not tell metersets.

    A sub-beam ends when its meterset has been asked for and the next control point begins.
    """
    snapshots = log.expected.shape[0]
    metersets = np.cumsum([beam.meterset_mu for beam in log.sub_beams])
    if len(log.sub_beams) < 2 or not all(beam.meterset_mu > 0 for beam in log.sub_beams):
        return (slice(0, snapshots),)
    asked_mu = _column(log, log.expected, LogAxis.METERSET)
    control_point = _column(log, log.expected, LogAxis.CONTROL_POINT)
    ends = [0]
    for meterset_mu in metersets[:-1]:
        reached = int(np.searchsorted(asked_mu, meterset_mu - METERSET_TOLERANCE_MU))
        if reached == snapshots:
            ends.append(snapshots)
            continue
        last = np.floor(control_point[reached])
        ends.append(int(np.searchsorted(control_point, last, side="right")))
    ends.append(snapshots)
    return tuple(slice(begin, max(begin, end)) for begin, end in pairwise(ends))


def _trajectory(
    log: TrajectoryLog, values: SnapshotArray, source: str, number: int, span: slice
) -> Trajectory:
    hold = _column(log, values, LogAxis.BEAM_HOLD)
    meterset_mu = _column(log, values, LogAxis.METERSET)
    control_point = _column(log, values, LogAxis.CONTROL_POINT)
    before_mu = _column(log, log.expected, LogAxis.METERSET)[max(span.start - 1, 0)]
    first = np.floor(_column(log, log.expected, LogAxis.CONTROL_POINT)[span.start])
    return Trajectory(
        beam_number=number,
        source=source,
        time_s=frozen(np.arange(hold.size) * log.sampling_interval_ms / MS_PER_S),
        meterset_mu=frozen(meterset_mu - (before_mu if span.start else 0.0)),
        control_point=frozen(control_point - first),
        axes=_axes(log, values),
        leaves=_leaves(log, values),
        beam_on=frozen_flags(hold == BeamHold.NORMAL),
        held=frozen_flags(_held(hold, control_point)),
    )


def _held(hold: FloatArray, control_point: FloatArray) -> BoolArray:
    """A machine holds the beam for planned moves without dose too: those go along the path."""
    stands = np.diff(control_point, prepend=control_point[:1]) <= 0
    held: BoolArray = ((hold == BeamHold.HOLD) | (hold == BeamHold.FREEZE)) & stands
    return held


def _axes(log: TrajectoryLog, values: SnapshotArray) -> dict[Axis, FloatArray]:
    return {
        axis: frozen(iec_61217(axis, log.scale, _column(log, values, logged)))
        for logged, axis in AXES.items()
        if logged in log.columns
    }


def _leaves(log: TrajectoryLog, values: SnapshotArray) -> dict[str, FloatArray]:
    """Bank B points to negative X, bank A to positive X; leaf 1 is at negative Y."""
    columns = log.columns.get(LogAxis.MLC)
    if columns is None or columns.stop - columns.start <= CARRIAGES:
        return {}
    leaves = values[:, columns][:, CARRIAGES:]
    pairs = leaves.shape[1] // 2
    positions = np.empty((leaves.shape[0], 2 * pairs))
    for bank, out, sign in (
        (leaves[:, pairs : 2 * pairs], positions[:, :pairs], -MM_PER_CM),
        (leaves[:, :pairs], positions[:, pairs:], MM_PER_CM),
    ):
        np.multiply(bank, sign, out=out, dtype=np.float64)
    positions.flags.writeable = False
    return {"MLCX": positions}


def _column(log: TrajectoryLog, values: SnapshotArray, axis: LogAxis) -> FloatArray:
    columns = log.columns.get(axis)
    if columns is None:
        return np.zeros(values.shape[0])
    return values[:, columns.start].astype(np.float64)
