"""Straight edges: their place, their slope, and how well both are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gateway.domain.units import BoolArray, FloatArray
from gateway.reconcile.portal.robust import robust_lines

STEEPEST, ROUGH_MM = 0.3, 0.05
"""From point to point a piece of an edge goes no farther than this, a slope and noise."""
CORNER_MM = 3.0
"""What is left out at both ends of a piece: corners are round."""
SHORTEST_PIECE_MM = 6.0
CROOKED_MM = 0.1
"""What is off its own line by more, RMS, is no straight edge."""
LEAF_MM = 7.5
"""Points nearer than a leaf is wide share the leaf's error."""
FEWEST_POINTS = 3
LEAST_POINTS = 20
CORRELATED_MM = 1.5
"""Points nearer to each other than this share their noise: blur and interpolation."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope (radian, small) with its standard uncertainty."""

    value: float
    u: float


@dataclass(frozen=True, slots=True)
class Edge:
    """The points of one side of a field: ``place`` along against ``across`` (mm), ascending."""

    across: FloatArray
    place: FloatArray
    found: BoolArray

    def pieces(self, shortest_mm: float = SHORTEST_PIECE_MM) -> list[slice]:
        """Where the side is in one piece, without its corners."""
        joined = self.found[1:] & self.found[:-1]
        with np.errstate(invalid="ignore"):
            joined &= np.abs(np.diff(self.place)) < STEEPEST * np.diff(self.across) + ROUGH_MM
        breaks = np.flatnonzero(~joined) + 1
        bounds = [0, *breaks.tolist(), self.across.size]
        kept = []
        for start, stop in pairwise(bounds):
            length = float(self.across[stop - 1] - self.across[start])
            corner = min(CORNER_MM, 0.5 * max(0.0, length - shortest_mm))
            low, high = self.across[start] + corner, self.across[stop - 1] - corner
            if length - 2.0 * corner >= shortest_mm and self.found[start]:
                first, last = np.searchsorted(self.across, [low, high])
                if last - first >= FEWEST_POINTS:
                    kept.append(slice(int(first), int(last)))
        return kept


def common_slope(edges: Sequence[Edge]) -> Slope | None:
    """The slope of all pieces of edges together; None where there is none long enough."""
    centred = [
        (edge.across[piece] - edge.across[piece].mean(), edge.place[piece])
        for edge in edges
        for piece in edge.pieces()
    ]
    centred = [(t, d - d.mean()) for t, d in centred if _own_rms(t, d) < CROOKED_MM]
    if not centred:
        return None
    squares = sum(float(t @ t) for t, _ in centred)
    slope = sum(float(t @ d) for t, d in centred) / squares
    residues = sum(float(((d - slope * t) ** 2).sum()) for t, d in centred)
    points = sum(t.size for t, _ in centred)
    step = float(np.median(np.concatenate([np.diff(t) for t, _ in centred])))
    shared = max(1.0, CORRELATED_MM / step)
    variance = residues / max(1, points - len(centred) - 1)
    return Slope(slope, float(np.sqrt(shared * variance / squares)))


def whole_slope(edge: Edge) -> Slope | None:
    """The slope of a side that is not straight, as tips of leaves are not: robust, less sure."""
    t, d = edge.across[edge.found], edge.place[edge.found]
    if t.size < LEAST_POINTS:
        return None
    line = robust_lines(t, d[:, np.newaxis])
    shared = max(1.0, LEAF_MM / float(np.median(np.diff(t))))
    return Slope(float(line.slope[0]), float(np.sqrt(shared) * line.slope_u[0]))


def _own_rms(t: FloatArray, d: FloatArray) -> float:
    rest = d - d.mean() - t * float(t @ d) / float(t @ t)
    return float(np.sqrt((rest**2).mean()))


def better(one: Slope | None, other: Slope | None) -> Slope | None:
    """The surer of two slopes of the same points."""
    if one is None or other is None:
        return one or other
    return min(one, other, key=lambda slope: slope.u)


def weighted_mean(slopes: Sequence[Slope]) -> Slope:
    """By inverse variance; the uncertainty grows where the slopes differ by more than theirs."""
    values = np.array([slope.value for slope in slopes])
    weights = 1.0 / np.array([max(slope.u, 1e-7) for slope in slopes]) ** 2
    mean = float((weights * values).sum() / weights.sum())
    chi = float((weights * (values - mean) ** 2).sum()) / max(1, len(slopes) - 1)
    return Slope(mean, float(np.sqrt(max(1.0, chi) / weights.sum())))
