"""The outline of a field: the collimator's angle and the straight sides."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.measured_image import Measured, MeasuredField
from gateway.domain.portal_image import PortalImage
from gateway.domain.units import FloatArray
from gateway.reconcile.portal.edges import crossings
from gateway.reconcile.portal.frame import BeamView
from gateway.reconcile.portal.leaf_sides import leaf_sides, rough_gaps
from gateway.reconcile.portal.lines import (
    Edge,
    Slope,
    better,
    common_slope,
    weighted_mean,
    whole_slope,
)
from gateway.reconcile.portal.problems import Unmeasurable
from gateway.reconcile.portal.survey import LEAST_ALIGNMENT, Survey, survey

WINDOW_MM = 8.0
"""How far an edge is looked at on both sides: its penumbra, and the levels beside it."""
STRAIGHT_MM = 0.3
"""A side is straight where points are off its line by no more, RMS."""
WHOLE_SHARE = 0.8
"""and its pieces are as much of its length."""
SHORTEST_SIDE_MM = 2.0
SYSTEMATIC_MM = 0.02
"""What sampling and interpolation may leave in a place, beside noise (see docs)."""
SYSTEMATIC_DEG = 0.002
TELLING_DEG = 0.2
"""Edges that tell the angle less well than this do not tell it."""
UNTOLD_DEG = 0.5
"""The uncertainty of an angle that is only stated, or only roughly seen."""
_ROUNDS = 3
_CLOSE_DEG = 0.002
_SIDES: Mapping[str, tuple[tuple[Axis, Axis], tuple[Axis, Axis]]] = {
    "X": ((Axis.X1, Axis.X2), (Axis.Y1, Axis.Y2)),
    "Y": ((Axis.Y1, Axis.Y2), (Axis.X1, Axis.X2)),
}


@dataclass(frozen=True, slots=True)
class Outline:
    """The four sides of a field in ``view``, by axis, and the view in which each was seen."""

    view: BeamView
    sides: Mapping[Axis, tuple[BeamView, Edge]]
    angle: Slope | None


def measure_field(image: PortalImage, travel: str = "X") -> MeasuredField:
    """The outline of the one field in ``image``; ``travel`` is the leaves' axis.

    Raises Unmeasurable where there is none, or it reaches beyond the image on every side.
    """
    looked = survey(BeamView.of(image, travel), image.collimator_deg)
    return field_of(outline(looked))


def field_of(found: Outline) -> MeasuredField:
    """The measured field of an outline."""
    edges = {}
    for axis, (_, edge) in found.sides.items():
        measured = _straight(edge)
        if measured is not None:
            edges[axis] = measured
    return MeasuredField(_collimator(found), edges, _centre(found.view, edges))


def outline(looked: Survey, boundaries_mm: FloatArray | None = None) -> Outline:
    """The sides at the collimator angle that they show themselves.

    With the leaves' ``boundaries_mm``, edges between neighbouring leaves show it too. Raises
    Unmeasurable where no edge is inside the image.
    """
    view, angle = looked.view, None
    open_gaps = None if boundaries_mm is None else rough_gaps(looked, boundaries_mm)
    for _ in range(_ROUNDS):
        sides = {**_sides_along(looked, view), **_sides_along(looked, view.across_travel())}
        if not sides:
            raise Unmeasurable("no edge of the field is inside the image")
        found = [
            (shown.slope_sign, better(common_slope([edge]), whole_slope(edge)))
            for shown, edge in sides.values()
        ]
        if boundaries_mm is not None and open_gaps is not None:
            between = leaf_sides(view, boundaries_mm, open_gaps)
            found.append((view.across_travel().slope_sign, common_slope(between)))
        slopes = [Slope(sign * slope.value, slope.u) for sign, slope in found if slope]
        if slopes and looked.alignment >= LEAST_ALIGNMENT:
            angle = weighted_mean(slopes)
        if angle is None or np.degrees(angle.u) > TELLING_DEG:
            untold = looked.view.collimator_deg if looked.stated_deg is None else looked.stated_deg
            return Outline(view.turned(untold), sides, None)
        off_deg = float(np.degrees(angle.value))
        if abs(off_deg) < _CLOSE_DEG:
            break
        view = view.turned(view.collimator_deg + off_deg)
    return Outline(view, sides, angle)


def _sides_along(looked: Survey, view: BeamView) -> dict[Axis, tuple[BeamView, Edge]]:
    """The two sides that bound the field along ``view``."""
    picture = looked.picture.T if view.sideways else looked.picture
    places = looked.places_mm()
    inside = np.nan_to_num(picture, nan=looked.dark) > looked.level
    rows = np.flatnonzero(inside.any(axis=1))
    if rows.size < 3:
        return {}
    low = places[inside[rows].argmax(axis=1)]
    high = places[inside.shape[1] - 1 - inside[rows][:, ::-1].argmax(axis=1)]
    across = np.arange(places[rows[0]], places[rows[-1]], view.pixel_mm)
    nearest = np.clip(np.searchsorted(places[rows], across), 0, rows.size - 1)
    axes = _SIDES[view.travel][1 if view.sideways else 0]
    sides = {}
    for axis, near, inward in ((axes[0], low[nearest], 1.0), (axes[1], high[nearest], -1.0)):
        edge = _side(view, across, near, inward, high[nearest] - low[nearest])
        if edge.found.any():
            sides[axis] = (view, edge)
    return sides


def _side(
    view: BeamView, across: FloatArray, near: FloatArray, inward: float, width: FloatArray
) -> Edge:
    inside = np.clip(0.5 * width, view.pixel_mm, WINDOW_MM)
    crossed = crossings(
        view, across, near, np.full(near.size, inward), inside, np.full(near.size, WINDOW_MM)
    )
    return Edge(across, crossed.place, crossed.found)


def _straight(edge: Edge) -> Measured | None:
    """The place of a side on the axis' height in its middle, if it is straight."""
    pieces = edge.pieces(SHORTEST_SIDE_MM)
    if not pieces:
        return None
    chosen = np.concatenate([np.arange(piece.start, piece.stop) for piece in pieces])
    step = float(np.median(np.diff(edge.across)))
    whole = float(edge.across[edge.found][-1] - edge.across[edge.found][0])
    if chosen.size * step < WHOLE_SHARE * whole - 4 * WINDOW_MM:
        return None
    t, d = edge.across[chosen], edge.place[chosen]
    line = np.polynomial.Polynomial.fit(t, d, 1)
    rms = float(np.sqrt(((d - line(t)) ** 2).mean()))
    if rms > STRAIGHT_MM:
        return None
    place = float(line(0.5 * (t[0] + t[-1])))
    return Measured(place, float(np.hypot(rms / np.sqrt(t.size * step), SYSTEMATIC_MM)))


def _collimator(found: Outline) -> Measured:
    if found.angle is None:
        return Measured(found.view.collimator_deg % 360.0, UNTOLD_DEG)
    u = float(np.hypot(np.degrees(found.angle.u), SYSTEMATIC_DEG))
    last = np.degrees(found.angle.value)
    off = float(last) if abs(last) < _CLOSE_DEG else 0.0
    return Measured((found.view.collimator_deg + off) % 360.0, u)


def _centre(view: BeamView, edges: Mapping[Axis, Measured]) -> tuple[Measured, Measured] | None:
    if len(edges) < 4:
        return None
    (low, high), (start, end) = _SIDES[view.travel]
    along = 0.5 * (edges[low].value + edges[high].value)
    across = 0.5 * (edges[start].value + edges[end].value)
    x, y = view.gantry_mm(along, across)
    u = 0.5 * float(np.sqrt(sum(edge.u**2 for edge in edges.values()) / 2.0))
    return Measured(x, u), Measured(y, u)
