"""Where pickets stand in a coarse picture."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.units import FloatArray
from gateway.reconcile.portal.survey import Survey

FEWEST = 3
WIDEST_SHARE = 0.6
"""Pickets are apart: none is wider than this part of their spacing."""
REACH_MM = 12.0
"""A picket is higher than what is beside it within this distance."""
LEAST_RISE = 0.25
"""on both sides, by no less than this part of what the highest picket is."""
LEAST_HEIGHT = 0.15
"""The typical picket rises by this part of the image's range."""


@dataclass(frozen=True, slots=True)
class Pickets:
    """About where pickets begin and end along the travel, mm, ascending.

    ``rise`` is how far the typical one stands out.
    """

    low: FloatArray
    high: FloatArray
    rise: float

    @property
    def spacing_mm(self) -> float:
        """From picket to picket."""
        return float(np.median(np.diff(0.5 * (self.low + self.high))))


def find_pickets(looked: Survey, *, sideways: bool) -> Pickets | None:
    """The pickets along the picture's rows, or ``sideways`` its columns; None where none are."""
    picture = looked.picture.T if sideways else looked.picture
    shown = np.nan_to_num(picture, nan=looked.dark)
    top = shown.max(axis=1)
    rows = top > 0.5 * (looked.dark + top.max())
    if rows.sum() < FEWEST:
        return None
    profile = np.median(shown[rows], axis=0)
    reach = max(1, round(REACH_MM / looked.step_mm))
    padded = np.pad(profile, reach, mode="edge")
    beside = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    high, low = beside.max(axis=1), beside.min(axis=1)
    above = np.concatenate([[False], profile > 0.5 * (high + low), [False]])
    change = np.flatnonzero(above[1:] != above[:-1])
    starts, stops = change[::2], change[1::2]
    rise = np.array(
        [_rise(profile, start, stop, reach) for start, stop in zip(starts, stops, strict=True)]
    )
    kept = rise > LEAST_RISE * rise.max(initial=0.0)
    starts, stops = starts[kept], stops[kept]
    if starts.size < FEWEST:
        return None
    places, half = looked.places_mm(), 0.5 * looked.step_mm
    found = Pickets(places[starts] - half, places[stops - 1] + half, float(np.median(rise[kept])))
    widest = float(np.median(found.high - found.low))
    apart = widest < WIDEST_SHARE * found.spacing_mm
    high_enough = found.rise > LEAST_HEIGHT * (looked.bright - looked.dark)
    return found if apart and high_enough else None


def _rise(profile: FloatArray, start: int, stop: int, reach: int) -> float:
    """How far a run stands out of the higher of its two sides."""
    before = profile[max(0, start - reach) : start + 1].min()
    behind = profile[stop - 1 : stop + reach].min()
    return float(profile[start:stop].max() - max(before, behind))
