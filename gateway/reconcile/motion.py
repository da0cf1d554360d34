"""What is reported of a beam's motion: statistics, curves, matrices and the worst moment."""

from collections.abc import Mapping

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.delivery import Interlock
from gateway.domain.evidence import BeamEvidence
from gateway.domain.reconciliation import (
    Aperture,
    ErrorCurves,
    ErrorStatistics,
    HoldStatistics,
    LeafErrorMatrix,
    LeafStatistics,
    MotionComparison,
    TelemetryStatistics,
    WorstPoint,
)
from gateway.domain.telemetry import BeamTelemetry
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import NS_PER_S, FloatArray, frozen
from gateway.reconcile.errors import BeamErrors
from gateway.reconcile.meterset import compare_dose_rate
from gateway.reconcile.speed import leaf_speed_loss
from gateway.reconcile.statistics import column_statistics
from gateway.reconcile.telemetry import beam_span


def compare_motion(errors: BeamErrors, evidence: BeamEvidence) -> MotionComparison:
    """Everything that is reported of the motion of one beam."""
    devices = errors.devices
    return MotionComparison(
        errors=_error_statistics(errors),
        leaves={device: _leaf_statistics(errors, device) for device in devices},
        gaps={device: _gap_statistics(errors, device) for device in devices},
        speed_losses={device: leaf_speed_loss(errors, device) for device in devices},
        dose_rate=compare_dose_rate(errors, evidence.mu_per_pulse),
        holds=_hold_statistics(errors.delivered, evidence.telemetry),
        telemetry=_telemetry_statistics(evidence),
        curves=_curves(errors),
        matrices={device: _leaf_matrix(errors, device) for device in devices},
        worst=worst_point(errors),
    )


def _error_statistics(errors: BeamErrors) -> Mapping[str, ErrorStatistics]:
    units = {column.axis: column.unit for column in errors.columns}
    return {axis: errors.statistics.worst(errors.rows(axis), unit) for axis, unit in units.items()}


def _leaf_statistics(errors: BeamErrors, device: str) -> LeafStatistics:
    rows, statistics = errors.rows(device), errors.statistics
    return LeafStatistics(
        frozen(statistics.maximum[rows]),
        frozen(statistics.rms[rows]),
        frozen(statistics.rms_time[rows]),
        frozen(statistics.p95[rows]),
    )


def _gap_statistics(errors: BeamErrors, device: str) -> ErrorStatistics:
    """The error of the opening between the two leaves of a pair, for the worst pair."""
    rows = errors.rows(device)
    middle = (rows.start + rows.stop) // 2
    gap = errors.dose_error[middle : rows.stop] - errors.dose_error[rows.start : middle]
    on = errors.delivered.beam_on
    on_gap = errors.path_error[middle : rows.stop, on] - errors.path_error[rows.start : middle, on]
    weight = np.ones(int(on.sum()))
    statistics = column_statistics(gap, errors.meterset_weight, on_gap, weight)
    return statistics.worst(slice(None), "mm")


def _hold_statistics(delivered: Trajectory, telemetry: BeamTelemetry | None) -> HoldStatistics:
    held = delivered.held
    starts = held & ~np.concatenate(([False], held[:-1]))
    durations = np.diff(delivered.time_s, append=delivered.time_s[-1])
    names: tuple[str, ...] = ()
    if telemetry is not None and held.any():
        standing = int(np.bitwise_or.reduce(telemetry.interlocks[beam_span(telemetry)][held]))
        names = tuple(flag.name for flag in Interlock if flag.value & standing and flag.name)
    return HoldStatistics(int(starts.sum()), float(durations[held].sum()), names)


def _telemetry_statistics(evidence: BeamEvidence) -> TelemetryStatistics:
    telemetry, lost = evidence.telemetry, evidence.delivery.lost_samples
    if telemetry is None:
        return TelemetryStatistics(0, lost, 0.0)
    span = beam_span(telemetry)
    sequence, clock_ns = telemetry.sequence[span], telemetry.machine_time_ns[span]
    missing = int(np.clip(np.diff(sequence) - 1, 0, None).sum())
    longest = float(np.diff(clock_ns).max(initial=0)) / NS_PER_S
    return TelemetryStatistics(int(sequence.size), max(lost, missing), longest)


def _curves(errors: BeamErrors) -> ErrorCurves:
    scalars = [row for row, column in enumerate(errors.columns) if not column.is_leaf]
    return ErrorCurves(
        frozen(errors.delivered.meterset_mu[errors.dose]),
        frozen(errors.delivered.control_point[errors.dose]),
        {errors.columns[row].axis: frozen(errors.dose_error[row]) for row in scalars},
        {device: frozen(errors.dose_error[errors.rows(device)]) for device in errors.devices},
    )


def _leaf_matrix(errors: BeamErrors, device: str) -> LeafErrorMatrix:
    knots = errors.path.control_point
    points = np.arange(int(np.ceil(knots[0] - 1e-9)), int(np.floor(knots[-1] + 1e-9)) + 1)
    judged = errors.path_error[errors.rows(device)][:, errors.judged]
    place = errors.delivered.control_point[errors.judged]
    nearest = np.rint(place).astype(np.intp)
    matrix = np.full((judged.shape[0], points.size), np.nan)
    starts = np.flatnonzero(np.diff(nearest, prepend=-1))
    if starts.size:
        high = np.maximum.reduceat(judged, starts, axis=1)
        low = np.minimum.reduceat(judged, starts, axis=1)
        worst = np.where(high >= -low, high, low)
        column = nearest[starts] - points[0]
        inside = (column >= 0) & (column < points.size)
        matrix[:, column[inside]] = worst[:, inside]
    _fill_between(matrix, points.astype(np.float64), place, judged)
    matrix.flags.writeable = False
    return LeafErrorMatrix(points.astype(np.int32), matrix)


def _fill_between(
    matrix: FloatArray, points: FloatArray, place: FloatArray, judged: FloatArray
) -> None:
    """Interpolate control points that were passed between two samples."""
    empty = np.flatnonzero(np.isnan(matrix[0])) if matrix.size else np.array([], dtype=np.intp)
    if place.size == 0:
        return
    passed = empty[(points[empty] >= place[0]) & (points[empty] <= place[-1])]
    for column in passed:
        right = min(int(np.searchsorted(place, points[column])), place.size - 1)
        left = max(right - 1, 0)
        width = place[right] - place[left]
        share = (points[column] - place[left]) / width if width > 0 else 0.0
        matrix[:, column] = judged[:, left] * (1 - share) + judged[:, right] * share


def worst_point(errors: BeamErrors) -> WorstPoint:
    """The judged sample and column with the largest error in units of its limit.

    Where nothing has a limit, the largest leaf error (or error of any axis) is taken.
    """
    judged = np.abs(errors.path_error[:, errors.judged])
    limits = errors.limits
    if not np.isfinite(limits).any():
        limits = np.ones_like(limits)
    ratio = judged / limits[:, np.newaxis]
    row, place = (int(index) for index in np.unravel_index(int(np.argmax(ratio)), ratio.shape))
    sample, column = int(errors.judged[place]), errors.columns[row]
    return WorstPoint(
        control_point=int(np.floor(errors.delivered.control_point[sample] + 1e-3)),
        meterset_mu=float(errors.delivered.meterset_mu[sample]),
        axis=column.axis,
        bank=column.bank,
        leaf=column.leaf,
        error=float(errors.path_error[row, sample]),
        unit=column.unit,
        planned=_aperture(errors, errors.expected[:, sample]),
        delivered=_aperture(errors, errors.actual[:, sample]),
    )


def _aperture(errors: BeamErrors, positions: FloatArray) -> Aperture:
    return Aperture(
        {
            Axis(column.axis): float(positions[row])
            for row, column in enumerate(errors.columns)
            if not column.is_leaf
        },
        {device: frozen(positions[errors.rows(device)]) for device in errors.devices},
    )
