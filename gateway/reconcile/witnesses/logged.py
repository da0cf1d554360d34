"""How far the log is from the plan, axis by axis: the mean over the meterset of the image."""

import math
from collections.abc import Sequence

import numpy as np

from gateway.domain.axes import AxisLayout
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray, wrap_degrees
from gateway.reconcile.witnesses.exposures import exposures_of, positions_of

LOGGER_MM = 0.03
LOGGER_DEG = 0.03
"""The standard uncertainty of a log's mean position: encoder, its step, how the servo follows."""
_FINEST = 1e-9
_WHOLE = 1e6


def logged_minus_planned(
    planned: Trajectory,
    logged: Trajectory,
    layout: AxisLayout,
    spans_mu: Sequence[tuple[float, float]],
) -> tuple[FloatArray, FloatArray]:
    """(layout.size,) mean differences and their uncertainties, mm or degree.

    A log says where an axis was when a sample was taken, and which dose had been given by then, to
    within a sample: an axis on its way is known that much less (its mean speed with dose, times
    the sample period over the square root of 12). An axis that either does not state has no
    uncertainty that is finite.
    """
    difference = _mean(logged, layout, spans_mu) - _mean(planned, layout, spans_mu)
    uncertainty = np.full(layout.size, LOGGER_MM)
    for place, axis in enumerate(layout.scalars):
        if axis.is_angle:
            uncertainty[place] = LOGGER_DEG
            difference[place] = wrap_degrees(difference[place : place + 1])[0]
        if axis not in planned.axes or axis not in logged.axes:
            uncertainty[place] = np.inf
    for device, columns in layout.mlc_slices.items():
        if device not in planned.leaves or device not in logged.leaves:
            uncertainty[columns] = np.inf
    return difference, np.hypot(uncertainty, _timing(logged, layout))


def _mean(
    trajectory: Trajectory, layout: AxisLayout, spans_mu: Sequence[tuple[float, float]]
) -> FloatArray:
    exposures = exposures_of(trajectory, layout, spans_mu, _WHOLE)
    total = max(exposures.total_mu, _FINEST)
    mean: FloatArray = exposures.meterset_mu @ exposures.positions / total
    return mean


def _timing(logged: Trajectory, layout: AxisLayout) -> FloatArray:
    steps_s = np.diff(logged.time_s)
    dosed = np.diff(logged.meterset_mu) > 0.0
    beam_s = float(steps_s[dosed].sum())
    if beam_s <= 0.0:
        return np.zeros(layout.size)
    moved = np.diff(positions_of(logged, layout), axis=0)[dosed].sum(axis=0)
    speed: FloatArray = np.abs(moved) / beam_s
    timing: FloatArray = speed * (float(np.median(steps_s)) / math.sqrt(12.0))
    return timing
