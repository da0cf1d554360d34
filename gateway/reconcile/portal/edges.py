"""Where profiles cross half of the way between a plateau and what is outside of it."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.units import BoolArray, FloatArray
from gateway.reconcile.portal.frame import BeamView

OUTER_SHARE, INNER_SHARE = 0.3, 0.2
"""The parts of what is looked at, outside and inside, that tell the two levels."""


@dataclass(frozen=True, slots=True)
class Crossings:
    """Of each line where it crosses (mm along), the two levels, and whether it does."""

    place: FloatArray
    outside: FloatArray
    inside: FloatArray
    found: BoolArray

    @property
    def height(self) -> FloatArray:
        """How much higher the plateau is."""
        return self.inside - self.outside


@dataclass(frozen=True, slots=True)
class Windows:
    """Values (k, count) from outside of an edge inwards, ``step`` (k,) apart from ``start`` on.

    ``outside`` and ``inside`` are the levels at both ends; ``edge`` is where it is looked for.
    """

    values: FloatArray
    start: FloatArray
    step: FloatArray
    edge: FloatArray
    outside: FloatArray
    inside: FloatArray

    def crossings(self, level: FloatArray) -> Crossings:
        """Where each rises through ``level`` (k,); of several places the nearest to ``edge``."""
        with np.errstate(invalid="ignore"):
            above = self.values >= level[:, np.newaxis]
        rises = above[:, 1:] & ~above[:, :-1]
        steps = np.abs(self.step)[:, np.newaxis]
        where = (np.arange(rises.shape[1]) + 0.5) * steps
        far = np.abs(where - np.abs(self.edge - self.start)[:, np.newaxis])
        at = np.where(rises, far, np.inf).argmin(axis=1)
        line = np.arange(at.size)
        before, behind = self.values[line, at], self.values[line, at + 1]
        with np.errstate(invalid="ignore", divide="ignore"):
            part = (level - before) / (behind - before)
        place = self.start + self.step * (at + part)
        seen = np.isfinite(self.outside) & np.isfinite(self.inside) & np.isfinite(part)
        found = rises[line, at] & seen & (self.inside > self.outside)
        return Crossings(np.where(found, place, np.nan), self.outside, self.inside, found)


def windows(
    view: BeamView,
    across: FloatArray,
    near: FloatArray,
    inward: FloatArray,
    inside_mm: FloatArray,
    outside_mm: FloatArray,
) -> Windows:
    """Looks at the edges near ``near`` on lines at ``across``; all arrays are (k,).

    The plateau lies in the direction ``inward`` (1 or -1) along; a line is looked at from
    ``outside_mm`` before the edge to ``inside_mm`` behind it, in steps of a pixel or less.
    """
    length = inside_mm + outside_mm
    count = max(8, int(np.ceil(float(length.max()) / view.pixel_mm)) + 1)
    step = length / (count - 1)
    start = near - inward * outside_mm
    values = view.lines(start, across, inward * step, count)
    where = np.arange(count) * step[:, np.newaxis]
    outer = where <= OUTER_SHARE * outside_mm[:, np.newaxis]
    inner = where >= (length - INNER_SHARE * inside_mm)[:, np.newaxis] - 1e-9
    return Windows(values, start, inward * step, near, _mean(values, outer), _mean(values, inner))


def crossings(
    view: BeamView,
    across: FloatArray,
    near: FloatArray,
    inward: FloatArray,
    inside_mm: FloatArray,
    outside_mm: FloatArray,
) -> Crossings:
    """Where edges, looked at by :func:`windows`, are half way between their own two levels."""
    seen = windows(view, across, near, inward, inside_mm, outside_mm)
    return seen.crossings(0.5 * (seen.outside + seen.inside))


def _mean(values: FloatArray, chosen: BoolArray) -> FloatArray:
    mean: FloatArray = np.where(chosen, values, 0.0).sum(axis=1) / chosen.sum(axis=1)
    return mean
