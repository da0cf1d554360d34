"""Meterset by area and time: what every pixel is given while all edges move evenly.

Between two rows of a trajectory every edge is linear in the meterset, so the meterset given
through a moving aperture has a closed form in each pixel; there are no steps in time. Grid
coordinates are those of ``aperture``. "Along" is along the leaves' travel, "across" across it.
"""

import math

import numpy as np

from gateway.domain.units import BoolArray, FloatArray
from gateway.kernels.aperture import draw_in_row
from gateway.kernels.compiled import compiled
from gateway.kernels.facet import CORNERS, draw_facet
from gateway.kernels.sides import draw_between, draw_side
from gateway.kernels.swept_strips import (
    END,
    HIGH,
    KNOTS,
    LOW,
    MOMENT,
    START,
    bounding_edge,
    place_corner,
    strip_path,
)


@compiled
def sweep_aligned(
    total: FloatArray,
    boundaries: FloatArray,
    low: FloatArray,
    high: FloatArray,
    limits: FloatArray,
    meterset: FloatArray,
    frame: FloatArray,
) -> None:
    """Add the mean meterset of each pixel to ``total``, whose rows run along the leaves' travel.

    ``boundaries`` (n + 1,) ascend; ``low`` and ``high`` (k, layers, n) are where each layer's
    leaves stand, ``limits`` (k, 4) the jaws: low and high along, low and high across.
    ``meterset`` (k,) ascends; ``frame`` (2, 3) maps (along, across, 1) to (u, v).
    """
    by_strip, buffer = np.zeros((low.shape[2], total.shape[1] + 1)), np.zeros((0, 0))
    drawn = np.zeros(total.shape[0], np.bool_)
    path, face = np.empty((KNOTS, 5)), np.empty((CORNERS, 3))
    work = np.empty((3, CORNERS, 3))
    jaw_low, jaw_high = limits[:, 0], limits[:, 1]
    rightwards = 1.0 if frame[0, 0] > 0.0 else -1.0
    for row in range(meterset.size - 1):
        given = rightwards * (meterset[row + 1] - meterset[row])
        if given == 0.0:
            continue
        jaw1, jaw2 = _range(limits, row, 2), _range(limits, row, 3)
        for strip in range(low.shape[2]):
            b0, b1 = boundaries[strip], boundaries[strip + 1]
            if b1 <= b0 or b1 <= jaw1[0] or b0 >= jaw2[1]:
                continue
            a0, a1, one_low = bounding_edge(low, jaw_low, row, strip, 1.0)
            d0, d1, one_high = bounding_edge(high, jaw_high, row, strip, -1.0)
            stays = one_low and one_high and (d0 - a0) * (d1 - a1) >= 0.0
            if not stays or b0 < jaw1[1] or b1 > jaw2[0]:
                count = strip_path(
                    path, low[row : row + 2], high[row : row + 2], limits[row : row + 2], b0, b1,
                    strip,
                )  # fmt: skip
                if buffer.size == 0:
                    buffer = np.zeros((total.shape[0], total.shape[1] + 1))
                _draw_path(buffer, drawn, path, count, frame, rightwards * given, face, work)
            elif d0 > a0 or d1 > a1:
                _draw_edge(by_strip, strip, a0, a1, frame, given)
                _draw_edge(by_strip, strip, d0, d1, frame, -given)
    for row in range(total.shape[0]):
        if drawn[row]:
            _add_running_sum(total, float(row), row + 1.0, buffer[row])
    for strip in range(by_strip.shape[0]):
        v0 = frame[1, 1] * boundaries[strip] + frame[1, 2]
        v1 = frame[1, 1] * boundaries[strip + 1] + frame[1, 2]
        _add_running_sum(total, min(v0, v1), max(v0, v1), by_strip[strip])


@compiled
def sweep_turned(
    total: FloatArray,
    buffer: FloatArray,
    boundaries: FloatArray,
    low: FloatArray,
    high: FloatArray,
    limits: FloatArray,
    meterset: FloatArray,
    frames: FloatArray,
) -> None:
    """As :func:`sweep_aligned` at any angle: ``frames`` (k - 1, 2, 3), one for each segment."""
    strips = low.shape[2]
    paths, before = np.empty((2, KNOTS, 5)), 0
    face, work = np.empty((CORNERS, 3)), np.empty((3, CORNERS, 3))
    for row in range(meterset.size - 1):
        given = meterset[row + 1] - meterset[row]
        if given <= 0.0:
            continue
        lows, highs, ends = low[row : row + 2], high[row : row + 2], limits[row : row + 2]
        frame = frames[row]
        for strip in range(strips):
            b0, b1 = boundaries[strip], boundaries[strip + 1]
            path = paths[strip % 2]
            count = strip_path(path, lows, highs, ends, b0, b1, strip)
            for knot in range(count - 1):
                if not _is_open(path, knot):
                    continue
                _draw_tips(buffer, path, knot, frame, given, face, work)
                t = 0.5 * (path[knot, MOMENT] + path[knot + 1, MOMENT])
                if strip == 0 or ends[0, 2] + t * (ends[1, 2] - ends[0, 2]) >= b0:
                    draw_side(buffer, path, knot, START, frame, given, face, work)
                if strip == strips - 1 or ends[0, 3] + t * (ends[1, 3] - ends[0, 3]) <= b1:
                    draw_side(buffer, path, knot, END, frame, -given, face, work)
            if strip > 0:
                draw_between(
                    buffer, paths[1 - strip % 2], before, path, count, b0, ends, frame, given,
                    face, work,
                )  # fmt: skip
            before = count
    for row in range(total.shape[0]):
        _add_running_sum(total, float(row), row + 1.0, buffer[row])


@compiled
def _is_open(path: FloatArray, knot: int) -> bool:
    """Whether the strip is open between a moment and the next."""
    after = knot + 1
    along = path[knot, HIGH] > path[knot, LOW] or path[after, HIGH] > path[after, LOW]
    across = path[knot, END] > path[knot, START] or path[after, END] > path[after, START]
    return bool(along and across)


@compiled
def _draw_tips(
    buffer: FloatArray,
    path: FloatArray,
    knot: int,
    frame: FloatArray,
    weight: float,
    face: FloatArray,
    work: FloatArray,
) -> None:
    """Draw the faces that a strip's two edges along the travel sweep."""
    after = knot + 1
    for edge in (LOW, HIGH):
        x0, x1 = path[knot, edge], path[after, edge]
        place_corner(face, 0, frame, x0, path[knot, START], path[knot, MOMENT])
        place_corner(face, 1, frame, x0, path[knot, END], path[knot, MOMENT])
        place_corner(face, 2, frame, x1, path[after, END], path[after, MOMENT])
        place_corner(face, 3, frame, x1, path[after, START], path[after, MOMENT])
        draw_facet(buffer, face, 4, weight if edge == LOW else -weight, frame, work)


@compiled
def _range(limits: FloatArray, row: int, column: int) -> tuple[float, float]:
    """The lowest and the highest place of a jaw within a segment."""
    before, after = limits[row, column], limits[row + 1, column]
    return min(before, after), max(before, after)


@compiled
def _draw_path(
    buffer: FloatArray,
    drawn: BoolArray,
    path: FloatArray,
    count: int,
    frame: FloatArray,
    given: float,
    face: FloatArray,
    work: FloatArray,
) -> None:
    """Draw all that a strip's edges along the travel sweep, on an aligned grid."""
    rightwards = 1.0 if frame[0, 0] > 0.0 else -1.0
    for knot in range(count - 1):
        if not _is_open(path, knot):
            continue
        start, end = path[knot, START], path[knot, END]
        v0 = frame[1, 1] * min(start, path[knot + 1, START]) + frame[1, 2]
        v1 = frame[1, 1] * max(end, path[knot + 1, END]) + frame[1, 2]
        top = max(min(v0, v1), 0.0)
        bottom = min(max(v0, v1), float(buffer.shape[0]))
        for row in range(int(top), math.ceil(bottom)):
            drawn[row] = True
        if start != path[knot + 1, START] or end != path[knot + 1, END]:
            _draw_tips(buffer, path, knot, frame, given, face, work)
            continue
        part = rightwards * given * (path[knot + 1, MOMENT] - path[knot, MOMENT])
        for row in range(int(top), math.ceil(bottom)):
            weight = part * (min(row + 1.0, bottom) - max(float(row), top))
            _draw_edge(buffer, row, path[knot, LOW], path[knot + 1, LOW], frame, weight)
            _draw_edge(buffer, row, path[knot, HIGH], path[knot + 1, HIGH], frame, -weight)


@compiled
def _draw_edge(
    buffer: FloatArray, row: int, before: float, after: float, frame: FloatArray, weight: float
) -> None:
    """Draw what an edge sweeps on its way, over the height of a row of ``buffer``."""
    u0 = frame[0, 0] * before + frame[0, 2]
    u1 = frame[0, 0] * after + frame[0, 2]
    draw_in_row(buffer, row, min(u0, u1), max(u0, u1), weight)


@compiled
def _add_running_sum(total: FloatArray, top: float, bottom: float, line: FloatArray) -> None:
    """Add the running sum of ``line`` to the rows between two v, by the share that is covered."""
    columns = total.shape[1]
    first = 0
    while first < columns and line[first] == 0.0:
        first += 1
    if first == columns:
        return
    for column in range(first + 1, columns):
        line[column] += line[column - 1]
    top, bottom = max(top, 0.0), min(bottom, float(total.shape[0]))
    for row in range(int(top), math.ceil(bottom)):
        height = min(row + 1.0, bottom) - max(float(row), top)
        for column in range(first, columns):
            total[row, column] += height * line[column]
