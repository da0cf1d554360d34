"""What one strip leaves open while every edge around it moves evenly.

A strip is open along the leaves' travel from the highest of several edges to the lowest of several
others (the leaves of each layer, a jaw), and across it between its boundaries and two jaws. Every
edge is linear in the share of the meterset, 0 to 1 within a segment; so is what they leave open,
between the moments at which two of them meet.
"""

from gateway.domain.units import FloatArray
from gateway.kernels.compiled import compiled

KNOTS = 36
"""Room for all moments of three layers: 2 ends, 28 meetings of 8 edges along, 5 across."""
MOMENT, LOW, HIGH, START, END = range(5)
"""Columns of a strip's path: when, open from and to along the travel, from and to across it."""


@compiled
def bounding_edge(
    leaves: FloatArray, jaw: FloatArray, row: int, strip: int, sign: float
) -> tuple[float, float, bool]:
    """The edge that bounds a strip along the travel at both ends of a segment.

    It is the highest of ``leaves[:, :, strip]`` and ``jaw`` for sign 1, the lowest for -1; true if
    it is the same edge at both ends, and so all the while.
    """
    edge0 = last = jaw[row]
    edge1 = first = jaw[row + 1]
    for layer in range(leaves.shape[1]):
        leaf0, leaf1 = leaves[row, layer, strip], leaves[row + 1, layer, strip]
        if sign * leaf0 > sign * edge0:
            edge0, first = leaf0, leaf1
        if sign * leaf1 > sign * edge1:
            edge1, last = leaf1, leaf0
    return edge0, edge1, first == edge1 or last == edge0


@compiled
def strip_path(
    path: FloatArray,
    low: FloatArray,
    high: FloatArray,
    limits: FloatArray,
    across0: float,
    across1: float,
    strip: int,
) -> int:
    """Write the strip's path into ``path`` (KNOTS, 5); returns the number of its moments.

    ``low`` and ``high`` (2, layers, strips) and ``limits`` (2, 4: low and high along, low and high
    across) are at the segment's two ends. Between moments all columns are linear; where the strip
    is closed, LOW equals HIGH or START equals END.
    """
    count = _moments(path, low, high, limits, across0, across1, strip)
    for knot in range(count):
        _edges_along(path, knot, low, high, limits, strip)
        t = path[knot, MOMENT]
        y1 = limits[0, 2] + t * (limits[1, 2] - limits[0, 2])
        y2 = limits[0, 3] + t * (limits[1, 3] - limits[0, 3])
        path[knot, START] = min(max(across0, y1), y2)
        path[knot, END] = min(max(across1, y1), y2)
        if path[knot, HIGH] < path[knot, LOW]:
            path[knot, LOW] = path[knot, HIGH] = 0.5 * (path[knot, LOW] + path[knot, HIGH])
    return count


@compiled
def _edges_along(
    path: FloatArray,
    knot: int,
    low: FloatArray,
    high: FloatArray,
    limits: FloatArray,
    strip: int,
) -> None:
    """The strip's two edges along the travel at a moment."""
    t = path[knot, MOMENT]
    a = limits[0, 0] + t * (limits[1, 0] - limits[0, 0])
    d = limits[0, 1] + t * (limits[1, 1] - limits[0, 1])
    for layer in range(low.shape[1]):
        a = max(a, low[0, layer, strip] + t * (low[1, layer, strip] - low[0, layer, strip]))
        d = min(d, high[0, layer, strip] + t * (high[1, layer, strip] - high[0, layer, strip]))
    path[knot, LOW] = a
    path[knot, HIGH] = d


@compiled
def _moments(
    path: FloatArray,
    low: FloatArray,
    high: FloatArray,
    limits: FloatArray,
    across0: float,
    across1: float,
    strip: int,
) -> int:
    """When any two edges meet, ascending, with 0 and 1 at the ends."""
    layers = low.shape[1]
    edges = 2 * (layers + 1)
    path[0, MOMENT] = 0.0
    count = 1
    for first in range(edges):
        f0, f1 = _edge(low, high, limits, strip, first)
        for second in range(first):
            g0, g1 = _edge(low, high, limits, strip, second)
            count = _meet(path, count, f0 - g0, f1 - g1)
    y10, y20, y11, y21 = limits[0, 2], limits[0, 3], limits[1, 2], limits[1, 3]
    count = _meet(path, count, y10 - across0, y11 - across0)
    count = _meet(path, count, y10 - across1, y11 - across1)
    count = _meet(path, count, y20 - across0, y21 - across0)
    count = _meet(path, count, y20 - across1, y21 - across1)
    count = _meet(path, count, y20 - y10, y21 - y11)
    path[count, MOMENT] = 1.0
    return count + 1


@compiled
def _edge(
    low: FloatArray, high: FloatArray, limits: FloatArray, strip: int, number: int
) -> tuple[float, float]:
    """One of the edges along the travel at both ends of the segment: lows first, then highs."""
    layers = low.shape[1]
    if number < layers:
        return low[0, number, strip], low[1, number, strip]
    if number == layers:
        return limits[0, 0], limits[1, 0]
    if number <= 2 * layers:
        return high[0, number - layers - 1, strip], high[1, number - layers - 1, strip]
    return limits[0, 1], limits[1, 1]


@compiled
def _meet(path: FloatArray, count: int, before: float, after: float) -> int:
    """Insert the moment at which a distance changes its sign, if it does."""
    if before * after >= 0.0:
        return count
    moment = before / (before - after)
    place = count
    while place > 1 and path[place - 1, MOMENT] > moment:
        path[place, MOMENT] = path[place - 1, MOMENT]
        place -= 1
    path[place, MOMENT] = moment
    return count + 1


@compiled
def place_corner(
    face: FloatArray, corner: int, frame: FloatArray, along: float, across: float, moment: float
) -> None:
    """Put a corner of a face on the grid: (u, v, moment)."""
    face[corner, 0] = frame[0, 0] * along + frame[0, 1] * across + frame[0, 2]
    face[corner, 1] = frame[1, 0] * along + frame[1, 1] * across + frame[1, 2]
    face[corner, 2] = moment
