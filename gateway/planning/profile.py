"""The fastest s(t) along a path: speeds at its rows, then pieces of constant acceleration."""

import math

import numpy as np

from gateway.domain.program import PathProfile
from gateway.domain.units import FloatArray, frozen
from gateway.planning.segments import Segments

_NOTHING_S = 1e-12


def fastest_profile(limits: Segments) -> PathProfile:
    """The path from its first row to its last, at rest at both ends where anything has inertia."""
    start, end = _row_speeds(limits)
    acceleration = limits.acceleration
    still = np.isinf(acceleration)
    slope = np.where(still, 1.0, acceleration)
    peak = np.minimum(limits.speed, np.sqrt(0.5 * (start**2 + end**2) + slope))
    peak = np.where(still, limits.speed, peak)
    up_s, down_s = (peak - start) / slope, (peak - end) / slope
    up, down = (peak**2 - start**2) / (2 * slope), (peak**2 - end**2) / (2 * slope)
    cruise_s = np.maximum(1.0 - up - down, 0.0) / peak
    row = np.arange(peak.size, dtype=np.float64)
    zero = np.zeros_like(peak)
    return _joined(
        np.column_stack((up_s, cruise_s, down_s)),
        np.column_stack((row, row + up, row + 1.0 - down)),
        np.column_stack((start, peak, peak)),
        np.column_stack((np.where(still, 0.0, slope), zero, np.where(still, 0.0, -slope))),
    )


def _joined(
    duration_s: FloatArray, s: FloatArray, speed: FloatArray, acceleration: FloatArray
) -> PathProfile:
    """``(segments, 3)`` phases one after the other, without those that take no time."""
    kept = duration_s.ravel() > _NOTHING_S
    ends = np.cumsum(duration_s.ravel()[kept])
    return PathProfile(
        time_s=frozen(np.concatenate(([0.0], ends[:-1]))),
        s=frozen(s.ravel()[kept]),
        speed=frozen(speed.ravel()[kept]),
        acceleration=frozen(acceleration.ravel()[kept]),
        duration_s=float(ends[-1]),
    )


def _row_speeds(limits: Segments) -> tuple[FloatArray, FloatArray]:
    """The highest u at the start and at the end of each segment.

    One pass forwards and one backwards over u2: what can be reached, and what can still be braked.
    """
    start, end = limits.first.tolist(), limits.last.tolist()
    twice = (2.0 * limits.acceleration).tolist()
    ratio = limits.ratio.tolist()
    for i, gain in enumerate(twice):
        end[i] = min(end[i], math.sqrt(start[i] ** 2 + gain))
        if i < len(ratio) and not math.isnan(ratio[i]):
            start[i + 1] = min(start[i + 1], end[i] * ratio[i])
            end[i] = min(end[i], start[i + 1] / ratio[i])
    for i in range(len(twice) - 1, -1, -1):
        start[i] = min(start[i], math.sqrt(end[i] ** 2 + twice[i]))
        if i > 0 and not math.isnan(ratio[i - 1]):
            end[i - 1] = min(end[i - 1], start[i] / ratio[i - 1])
    return np.array(start), np.array(end)
