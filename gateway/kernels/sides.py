"""The faces that lie between strips, and those that jaws across the travel sweep."""

from gateway.domain.units import FloatArray
from gateway.kernels.compiled import compiled
from gateway.kernels.facet import cut, draw_facet
from gateway.kernels.swept_strips import HIGH, LOW, MOMENT, place_corner

_ALONG, _MOMENT = 0, 2
"""Columns of a face that is not placed on the grid yet: (along, across, moment)."""


@compiled
def draw_side(
    buffer: FloatArray,
    path: FloatArray,
    knot: int,
    edge: int,
    frame: FloatArray,
    weight: float,
    face: FloatArray,
    work: FloatArray,
) -> None:
    """Draw the face that a strip's START or END sweeps from one moment to the next."""
    after = knot + 1
    place_corner(face, 0, frame, path[knot, LOW], path[knot, edge], path[knot, MOMENT])
    place_corner(face, 1, frame, path[after, LOW], path[after, edge], path[after, MOMENT])
    place_corner(face, 2, frame, path[after, HIGH], path[after, edge], path[after, MOMENT])
    place_corner(face, 3, frame, path[knot, HIGH], path[knot, edge], path[knot, MOMENT])
    draw_facet(buffer, face, 4, weight, frame, work)


@compiled
def draw_between(
    buffer: FloatArray,
    below: FloatArray,
    below_count: int,
    above: FloatArray,
    above_count: int,
    across: float,
    limits: FloatArray,
    frame: FloatArray,
    weight: float,
    face: FloatArray,
    work: FloatArray,
) -> None:
    """Draw what two neighbouring strips do not share of the side at ``across``.

    While a jaw covers the side, the jaw's own face stands for it.
    """
    below_opens, above_opens = _opens(below, below_count), _opens(above, above_count)
    if above_opens:
        after, count, column = (
            (below, below_count, LOW) if below_opens else (above, above_count, HIGH)
        )
        corners = _band(face, above, above_count, LOW, after, count, column)
        _draw_band(buffer, face, corners, across, limits, frame, weight, work)
    if below_opens:
        after, count, column = (
            (above, above_count, HIGH) if above_opens else (below, below_count, LOW)
        )
        corners = _band(face, below, below_count, HIGH, after, count, column)
        _draw_band(buffer, face, corners, across, limits, frame, weight, work)


@compiled
def _opens(path: FloatArray, count: int) -> bool:
    opens = False
    for knot in range(count):
        opens = opens or path[knot, HIGH] > path[knot, LOW]
    return opens


@compiled
def _band(
    face: FloatArray,
    there: FloatArray,
    there_count: int,
    there_edge: int,
    back: FloatArray,
    back_count: int,
    back_edge: int,
) -> int:
    """The face between two edges: along the one in time, back along the other."""
    for knot in range(there_count):
        face[knot, _ALONG] = there[knot, there_edge]
        face[knot, _MOMENT] = there[knot, MOMENT]
    for knot in range(back_count):
        corner = there_count + back_count - 1 - knot
        face[corner, _ALONG] = back[knot, back_edge]
        face[corner, _MOMENT] = back[knot, MOMENT]
    return there_count + back_count


@compiled
def _draw_band(
    buffer: FloatArray,
    face: FloatArray,
    corners: int,
    across: float,
    limits: FloatArray,
    frame: FloatArray,
    weight: float,
    work: FloatArray,
) -> None:
    """Draw the face for as long as ``across`` is between the jaws."""
    for column, side in ((2, 1.0), (3, -1.0)):
        before = side * (across - limits[0, column])
        after = side * (across - limits[1, column])
        if before <= 0.0 and after <= 0.0:
            return
        if before * after < 0.0:
            moment = before / (before - after)
            corners = cut(face, corners, _MOMENT, moment, 1.0 if after > 0.0 else -1.0, work[0])
            for corner in range(corners):
                for k in range(3):
                    face[corner, k] = work[0, corner, k]
    for corner in range(corners):
        place_corner(face, corner, frame, face[corner, _ALONG], across, face[corner, _MOMENT])
    draw_facet(buffer, face, corners, weight, frame, work)
