"""Apertures the slow, plain way: polygons clipped to one pixel after another."""

from collections.abc import Iterator, Sequence

import numpy as np

from gateway.domain.units import FloatArray

Point = tuple[float, float]


def turned(angle_deg: float, pixels_per_mm: float, u: float, v: float) -> FloatArray:
    """(2, 3): mm along and across to grid coordinates, v against y, (0, 0) mm at (u, v)."""
    cosine, sine = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    linear = pixels_per_mm * np.array([[cosine, -sine], [-sine, -cosine]])
    return np.column_stack((linear, (u, v)))


def open_rectangles(
    boundaries: FloatArray, low: FloatArray, high: FloatArray, limits: FloatArray
) -> Iterator[tuple[float, float, float, float]]:
    """(low, high, start, end) of every strip that is open between the limits."""
    for strip in range(low.size):
        along = max(low[strip], limits[0]), min(high[strip], limits[1])
        across = max(boundaries[strip], limits[2]), min(boundaries[strip + 1], limits[3])
        if along[0] < along[1] and across[0] < across[1]:
            yield (*along, *across)


def rectangle(sides: tuple[float, float, float, float], frame: FloatArray) -> list[Point]:
    """Its corners on the grid, in order."""
    low, high, start, end = sides
    corners = ((low, start), (high, start), (high, end), (low, end))
    places = [frame @ (along, across, 1.0) for along, across in corners]
    return [(float(u), float(v)) for u, v in places]


def area(polygon: Sequence[Point]) -> float:
    """The shoelace formula, unsigned."""
    after = [*polygon[1:], *polygon[:1]]
    pairs = zip(polygon, after, strict=True)
    return abs(0.5 * sum(u * next_v - v * next_u for (u, v), (next_u, next_v) in pairs))


def clipped(polygon: list[Point], axis: int, bound: float, side: float) -> list[Point]:
    """What lies where ``side * (coordinate - bound) >= 0`` (Sutherland and Hodgman 1974)."""
    kept: list[Point] = []
    for here, there in zip(polygon, [*polygon[1:], *polygon[:1]], strict=True):
        from_bound, to_bound = side * (here[axis] - bound), side * (there[axis] - bound)
        if from_bound >= 0.0:
            kept.append(here)
        if (from_bound < 0.0) != (to_bound < 0.0):
            part = from_bound / (from_bound - to_bound)
            kept.append(
                (here[0] + part * (there[0] - here[0]), here[1] + part * (there[1] - here[1]))
            )
    return kept


def coverage(polygon: list[Point], rows: int, columns: int) -> FloatArray:
    """The area of each pixel that a convex polygon covers."""
    covered = np.zeros((rows, columns))
    for row in range(rows):
        in_row = clipped(clipped(polygon, 1, row, 1.0), 1, row + 1.0, -1.0)
        for column in range(columns):
            covered[row, column] = area(
                clipped(clipped(in_row, 0, column, 1.0), 0, column + 1.0, -1.0)
            )
    return covered
