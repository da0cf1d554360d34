"""Straight lines through points of which a few are far off."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.units import FloatArray

ROUNDS = 8
CUT_SIGMA = 4.0
"""A point this far off has no weight (Tukey's biweight)."""
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Lines:
    """``place + slope * t``, arrays (k,); NaN for a line of fewer than three points.

    ``sigma`` is the points' scatter, ``slope_u`` the slope's uncertainty.
    """

    place: FloatArray
    slope: FloatArray
    sigma: FloatArray
    slope_u: FloatArray

    def at(self, t: FloatArray) -> FloatArray:
        """The lines at ``t`` (n,), as (n, k)."""
        return self.place + self.slope * t[:, np.newaxis]


def robust_lines(t: FloatArray, d: FloatArray) -> Lines:
    """A line through ``t`` (n,) and each column of ``d`` (n, k), NaN being no point.

    By iterated weights; all points equal at first.
    """
    there = np.isfinite(d)
    count = there.sum(axis=0)
    filled = np.where(there, d, 0.0)
    weights = there.astype(np.float64)
    across = t[:, np.newaxis]
    with np.errstate(invalid="ignore", divide="ignore"):
        for _ in range(ROUNDS):
            total = weights.sum(axis=0)
            middle = (weights * across).sum(axis=0) / total
            height = (weights * filled).sum(axis=0) / total
            centred = across - middle
            squares = (weights * centred**2).sum(axis=0)
            slope = (weights * centred * (filled - height)).sum(axis=0) / squares
            rest = filled - height - slope * centred
            sigma = 1.4826 * _median(np.where(there, np.abs(rest), np.inf), count) + 1e-9
            kept = np.maximum(1.0 - (rest / (CUT_SIGMA * sigma)) ** 2, 1e-3) ** 2
            weights = np.where(there, kept, 0.0)
        enough = np.where(count >= FEWEST, 1.0, np.nan)
        return Lines(
            enough * (height - slope * middle),
            enough * slope,
            enough * sigma,
            enough * sigma / np.sqrt(squares),
        )


def _median(values: FloatArray, count: FloatArray) -> FloatArray:
    """Of the ``count`` smallest values of each column."""
    ordered = np.sort(values, axis=0)
    column = np.arange(values.shape[1])
    last = np.maximum(count - 1, 0)
    median: FloatArray = 0.5 * (ordered[last // 2, column] + ordered[(last + 1) // 2, column])
    return median
