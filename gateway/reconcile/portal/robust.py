"""Straight lines through points of which a few are far off."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.units import FloatArray

ROUNDS = 8
CUT_SIGMA = 4.0
"""A point this far off has no weight (Tukey's biweight)."""


@dataclass(frozen=True, slots=True)
class Line:
    """``place + slope * t``; ``sigma`` is the points' scatter, ``slope_u`` the slope's."""

    place: float
    slope: float
    sigma: float
    slope_u: float

    def at(self, t: FloatArray) -> FloatArray:
        """The line at ``t``."""
        return self.place + self.slope * t


def robust_line(t: FloatArray, d: FloatArray) -> Line:
    """By iterated weights; all points equal at first. There are at least two different ``t``."""
    weights = np.ones(t.size)
    for _ in range(ROUNDS):
        total = float(weights.sum())
        middle, height = float(weights @ t) / total, float(weights @ d) / total
        centred = t - middle
        squares = float(weights @ centred**2)
        slope = float(weights @ (centred * (d - height))) / squares
        rest = d - height - slope * centred
        sigma = 1.4826 * float(np.median(np.abs(rest))) + 1e-9
        weights = np.maximum(1.0 - (rest / (CUT_SIGMA * sigma)) ** 2, 1e-3) ** 2
    return Line(height - slope * middle, slope, sigma, float(sigma / np.sqrt(squares)))
