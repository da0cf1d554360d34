"""Where a jaw across the leaves' travel begins to do something else: leaf pairs of another opening.

Plans let such a jaw stand where the open pairs end. Farther in it covers the field, farther out
it uncovers what closed pairs leak: one derivative does not hold on both sides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from gateway.domain.units import FloatArray
from gateway.reconcile.witnesses.edges import Edges

_NEAR_MM = 5.0
"""Offsets of jaws that are looked for: farther off a boundary does not matter."""
_ON_MM = 0.1
_AHEAD_MM = 1.0
"""So far on its way a jaw is looked at: what its shadow loses at the boundary, it loses before."""
_SOFT_MM = 0.2
"""Within which the step at a boundary is drawn: about a step of the estimate."""
_DIFFERS = 0.3
"""The part of the larger opening that the smaller must lack to be another."""


@dataclass(frozen=True, slots=True)
class Kink:
    """``at_mm`` is a boundary of pairs near a jaw, ``away_mm`` how far the jaw stands from it.

    ``strip`` is the one in which the jaw stands, ``beyond`` that on the boundary's other side.
    On the boundary the jaw counts as standing in the more open one. ``aside_mm`` are the places,
    and their shares, to which the source moves the shadow of the jaw beside that of the boundary.
    """

    at_mm: float
    away_mm: float
    strip: int
    beyond: int
    aside_mm: Mapping[float, float]

    @property
    def upwards(self) -> bool:
        """Whether the other strip lies at larger values."""
        return self.beyond > self.strip

    def parted(self, value: float) -> tuple[float, float]:
        """An offset of the jaw as the part before the boundary and the part beyond it."""
        pick = min if self.upwards else max
        before = pick(value, self.away_mm)
        return before, value - before

    def before(self, places: FloatArray) -> tuple[FloatArray, Mapping[int, float]]:
        """``places`` that are not beyond the boundary, and by how much each strip counts there."""
        near = np.minimum(places, self.at_mm) if self.upwards else np.maximum(places, self.at_mm)
        return near, self._strips(near, -_AHEAD_MM)

    def past(self, places: FloatArray) -> tuple[FloatArray, Mapping[int, float]]:
        """``places`` that are not before the boundary, and by how much each strip counts there."""
        far = np.maximum(places, self.at_mm) if self.upwards else np.minimum(places, self.at_mm)
        return far, self._strips(far, _AHEAD_MM)

    def _strips(self, places: FloatArray, ahead_mm: float) -> Mapping[int, float]:
        ahead = float(places.mean()) - self.at_mm + (ahead_mm if self.upwards else -ahead_mm)
        soft = NormalDist(0.0, _SOFT_MM)
        above = sum(share * soft.cdf(ahead + aside) for aside, share in self.aside_mm.items())
        share = above if self.upwards else 1.0 - above
        return {self.strip: 1.0 - share, self.beyond: share}


def kinks(
    edges: Edges, meterset_mu: FloatArray, names: Sequence[str], aside_mm: Mapping[float, float]
) -> Mapping[str, Kink]:
    """Those of the two jaws ``names`` across the travel, by name; jaws that move have none.

    ``aside_mm`` as in :class:`Kink`.
    """
    total = float(meterset_mu.sum())
    if total <= 0.0:
        return {}
    opening = meterset_mu @ np.maximum(edges.high - edges.low, 0.0) / total
    found = {}
    for side, name in enumerate(names):
        at = edges.across[:, side]
        if not np.isfinite(at).all() or np.ptp(at) > _ON_MM:
            continue
        kink = _nearest(edges.boundaries, opening, float(meterset_mu @ at) / total, aside_mm)
        if kink is not None:
            found[name] = kink
    return found


def _nearest(
    boundaries: FloatArray, opening: FloatArray, at: float, aside_mm: Mapping[float, float]
) -> Kink | None:
    inner = boundaries[1:-1]
    step = np.abs(np.diff(opening)) > _DIFFERS * np.maximum(opening[1:], opening[:-1])
    near = np.flatnonzero(step & (np.abs(inner - at) <= _NEAR_MM))
    if near.size == 0:
        return None
    below = int(near[np.argmin(np.abs(inner[near] - at))])
    place = float(inner[below])
    if abs(place - at) <= _ON_MM:
        place = at
        stands_below = bool(opening[below] > opening[below + 1])
    else:
        stands_below = at < place
    strip = below if stands_below else below + 1
    return Kink(place, place - at, strip, 2 * below + 1 - strip, aside_mm)
