"""What a moving aperture gives each pixel, the slow, plain way: exact between all meetings.

While nothing meets, the area of a pixel that is open is a polynomial of degree 2 in time (corners
move evenly, lines keep their direction), so Simpson's rule is exact.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gateway.domain.units import FloatArray
from tests.kernels.outlines import coverage, rectangle

Line = tuple[float, float]
"""A place at the start and at the end of the segment."""


@dataclass(frozen=True)
class Segment:
    """``low`` and ``high`` (2, layers, strips) and ``limits`` (2, 4) at its two ends."""

    boundaries: FloatArray
    low: FloatArray
    high: FloatArray
    limits: FloatArray
    frame: FloatArray


def meterset(segment: Segment, rows: int, columns: int) -> FloatArray:
    """The share of the time for which each pixel is open, weighted by how far."""
    total = np.zeros((rows, columns))
    for strip in range(segment.boundaries.size - 1):
        moments = _moments(segment, strip, rows, columns)
        for start, stop in pairwise(moments):
            if stop - start < 1e-15:
                continue
            for t, weight in ((start, 1.0), (0.5 * (start + stop), 4.0), (stop, 1.0)):
                open_now = _open(segment, strip, t)
                if open_now[0] < open_now[1] and open_now[2] < open_now[3]:
                    outline = rectangle(open_now, segment.frame)
                    share = weight / 6.0 * (stop - start)
                    total += share * coverage(outline, rows, columns)
    return total


def _edges(segment: Segment, strip: int) -> tuple[list[Line], list[Line], list[Line], list[Line]]:
    def lines(ends: FloatArray) -> list[Line]:
        return [(float(a), float(b)) for a, b in ends.T]

    here, there = segment.boundaries[strip], segment.boundaries[strip + 1]
    low = lines(np.column_stack((segment.low[:, :, strip], segment.limits[:, 0])))
    high = lines(np.column_stack((segment.high[:, :, strip], segment.limits[:, 1])))
    start = [(here, here), *lines(segment.limits[:, 2:3])]
    end = [(there, there), *lines(segment.limits[:, 3:4])]
    return low, high, start, end


def _at(line: Line, t: float) -> float:
    return line[0] + t * (line[1] - line[0])


def _open(segment: Segment, strip: int, t: float) -> tuple[float, float, float, float]:
    low, high, start, end = _edges(segment, strip)
    return (
        max(_at(line, t) for line in low),
        min(_at(line, t) for line in high),
        max(_at(line, t) for line in start),
        min(_at(line, t) for line in end),
    )


def _moments(segment: Segment, strip: int, rows: int, columns: int) -> list[float]:
    low, high, start, end = _edges(segment, strip)
    along, across = low + high, start + end
    inverse = np.linalg.inv(segment.frame[:, :2])
    differences: list[Line] = []
    for lines in (along, across):
        differences += [(a[0] - b[0], a[1] - b[1]) for a in lines for b in lines]
    for row in range(rows + 1):
        for column in range(columns + 1):
            x, y = inverse @ (np.array([column, row]) - segment.frame[:, 2])
            differences += [(a[0] - x, a[1] - x) for a in along]
            differences += [(a[0] - y, a[1] - y) for a in across]
    for edge in along:
        for side in across:
            begin = segment.frame @ (edge[0], side[0], 1.0)
            finish = segment.frame @ (edge[1], side[1], 1.0)
            differences += [(begin[0] - c, finish[0] - c) for c in range(columns + 1)]
            differences += [(begin[1] - r, finish[1] - r) for r in range(rows + 1)]
    moments = [a / (a - b) for a, b in differences if a * b < 0.0]
    return sorted({0.0, 1.0, *moments})
