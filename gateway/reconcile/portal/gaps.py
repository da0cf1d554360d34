"""The gaps between opposing leaves, each looked at on lines across the middle of its pair."""

from dataclasses import dataclass, replace

import numpy as np

from gateway.domain.machine import MlcModel
from gateway.domain.units import BoolArray, FloatArray
from gateway.reconcile.portal.edges import windows
from gateway.reconcile.portal.field import WINDOW_MM
from gateway.reconcile.portal.frame import BeamView

LINES = (-0.25, 0.0, 0.25)
"""Where a leaf is looked at, in widths from its middle: away from tongue and groove."""
MIDDLE_LINES = (-0.12, 0.0, 0.12)
"""The same where nothing is calibrated: blur brings the neighbours' tips into the outer lines."""
EVEN_SHARE = 0.3
"""The lines of a pair that is open all over its width differ by no more in height."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """Places (k,) of gaps: ``pair`` counts from 0, ``low`` and ``high`` are mm along.

    ``outside_mm`` is how far an edge may be looked at outwards, ``across`` (k, lines).
    """

    pair: "np.ndarray[tuple[int], np.dtype[np.intp]]"
    across: FloatArray
    low: FloatArray
    high: FloatArray
    outside_mm: FloatArray

    def chosen(self, which: BoolArray) -> "Gaps":
        """Some of them."""
        return Gaps(
            self.pair[which],
            self.across[which],
            self.low[which],
            self.high[which],
            self.outside_mm[which],
        )

    def at(self, low: FloatArray, high: FloatArray) -> "Gaps":
        """The same gaps, their edges elsewhere."""
        return replace(self, low=low, high=high)

    @property
    def width(self) -> FloatArray:
        """How wide each is."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class SeenGaps:
    """Half-height edges of gaps (k,), NaN where there is none, and the spread of their lines.

    ``height`` is how far the plateau rises; ``even`` whether it does so on every line alike.
    """

    low: FloatArray
    high: FloatArray
    spread: FloatArray
    height: FloatArray
    even: BoolArray


def gaps_of(
    mlc: MlcModel,
    pair: FloatArray,
    low: FloatArray,
    high: FloatArray,
    outside_mm: FloatArray,
    lines: tuple[float, ...] = LINES,
) -> Gaps:
    """Gaps of leaf pairs (counted from 0) that are about at ``low`` and ``high``."""
    number = pair.astype(np.intp)
    start, end = mlc.boundaries_mm[number], mlc.boundaries_mm[number + 1]
    middle, width = 0.5 * (start + end), end - start
    across = middle[:, np.newaxis] + width[:, np.newaxis] * np.array(lines)
    return Gaps(number, across, low, high, outside_mm)


def half_height(view: BeamView, gaps: Gaps, *, same_level: bool = False) -> SeenGaps:
    """The half-height edges of every gap: the mean of its lines.

    With ``same_level`` both edges are where the profile is half way from the brighter of its two
    sides: so the middle does not move where one side of a narrow gap is darker.
    """
    lines = gaps.across.shape[1]
    across = gaps.across.ravel()
    near = np.concatenate([np.repeat(gaps.low, lines), np.repeat(gaps.high, lines)])
    inside = np.repeat(np.clip(0.5 * gaps.width, view.pixel_mm, WINDOW_MM), lines)
    outside = np.repeat(gaps.outside_mm, lines)
    inward = np.repeat([1.0, -1.0], across.size)
    seen = windows(view, np.tile(across, 2), near, inward, np.tile(inside, 2), np.tile(outside, 2))
    levels = 0.5 * (seen.outside + seen.inside)
    if same_level:
        levels = np.tile(levels.reshape(2, -1).max(axis=0), 2)
    place = seen.crossings(levels).place.reshape(2, -1, lines)
    inside_level = seen.inside.reshape(2, -1, lines).mean(axis=0)
    height = (seen.inside - seen.outside).reshape(2, -1, lines).mean(axis=(0, 2))
    with np.errstate(invalid="ignore"):
        uneven = np.ptp(inside_level, axis=1) > EVEN_SHARE * height
    spread = np.sqrt(place.var(axis=2, ddof=1).mean(axis=0))
    middle = place.mean(axis=2)
    return SeenGaps(middle[0], middle[1], spread, height, ~uneven)
