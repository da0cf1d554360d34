"""The edges between neighbouring leaves of which one stands farther in: they follow the travel."""

import numpy as np

from gateway.domain.units import FloatArray
from gateway.reconcile.portal.edges import crossings
from gateway.reconcile.portal.frame import BeamView
from gateway.reconcile.portal.lines import Edge
from gateway.reconcile.portal.survey import Survey

LEAST_SHARE = 0.2
"""A pair is open where its row rises to this part of the field's height."""
_SHORTEST_MM = 12.0
"""A side is shorter than the difference of its tips by two corners."""


def rough_gaps(looked: Survey, boundaries_mm: FloatArray) -> FloatArray:
    """About where each pair is open, (pairs, 2): the longest run above half of its row; or NaN."""
    places = looked.places_mm()
    gaps = np.full((boundaries_mm.size - 1, 2), np.nan)
    for pair, middle in enumerate(0.5 * (boundaries_mm[1:] + boundaries_mm[:-1])):
        row = int(np.abs(places - middle).argmin())
        if abs(places[row] - middle) <= looked.step_mm:
            gaps[pair] = _longest_run(looked, places, looked.picture[row])
    return gaps


def _longest_run(looked: Survey, places: FloatArray, row: FloatArray) -> tuple[float, float]:
    shown = np.nan_to_num(row, nan=looked.dark)
    top = float(shown.max())
    if top - looked.dark < LEAST_SHARE * (looked.bright - looked.dark):
        return np.nan, np.nan
    above = np.concatenate([[False], shown > 0.5 * (top + looked.dark), [False]])
    change = np.flatnonzero(above[1:] != above[:-1])
    starts, stops = change[::2], change[1::2]
    longest = int((stops - starts).argmax())
    half = 0.5 * looked.step_mm
    return float(places[starts[longest]]) - half, float(places[stops[longest] - 1]) + half


def leaf_sides(view: BeamView, boundaries_mm: FloatArray, gaps: FloatArray) -> list[Edge]:
    """The sides between neighbours whose tips are far enough from each other."""
    sides = []
    seen = view.across_travel()
    for pair in range(1, boundaries_mm.size - 1):
        below, above = gaps[pair - 1], gaps[pair]
        if np.isnan(below).any() or np.isnan(above).any():
            continue
        width = np.diff(boundaries_mm[pair - 1 : pair + 2])
        for start, stop, inward in _segments(below, above):
            along = np.arange(start, stop, view.pixel_mm)
            whole = np.ones(along.size)
            inside, outside = (width[1], width[0]) if inward > 0 else (width[0], width[1])
            crossed = crossings(
                seen,
                along,
                boundaries_mm[pair] * whole,
                inward * whole,
                0.5 * inside * whole,
                0.5 * outside * whole,
            )
            sides.append(Edge(along, crossed.place, crossed.found))
    return sides


def _segments(below: FloatArray, above: FloatArray) -> list[tuple[float, float, float]]:
    """Where along only one of two pairs is open, and in which direction that one lies."""
    found = []
    for one, other, inward in ((above, below, 1.0), (below, above, -1.0)):
        for start, stop in (
            (one[0], min(one[1], other[0])),
            (max(one[0], other[1]), one[1]),
        ):
            if stop - start >= _SHORTEST_MM:
                found.append((float(start), float(stop), inward))
    return found
