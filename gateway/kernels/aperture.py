"""Exact-area raster of beam apertures by a signed-area accumulation buffer.

An aperture is a stack of strips (leaf pairs) with an open interval each. Only its outline is
drawn: every line adds, to the cells that it crosses, the signed area to its right. The running sum
along a row is then the area of each pixel that is open, exactly, at any angle. What is drawn adds
up, so that any number of weighted apertures share one buffer and one running sum.

Grid coordinates: u along columns, v along rows; pixel (r, c) covers [c, c+1] x [r, r+1].
"""

import math

from gateway.domain.units import FloatArray
from gateway.kernels.compiled import compiled


@compiled
def accumulate_apertures(
    buffer: FloatArray,
    boundaries: FloatArray,
    low: FloatArray,
    high: FloatArray,
    limits: FloatArray,
    frames: FloatArray,
    weights: FloatArray,
) -> None:
    """Draw ``k`` apertures of ``n`` strips into ``buffer`` (rows, columns + 1).

    ``boundaries`` (n + 1,) ascend across the leaves' travel; ``low`` and ``high`` (k, n) are the
    open interval of each strip along it (high <= low: closed). ``limits`` (k, 4) cut all strips:
    low and high along, low and high across. ``frames`` (k, 2, 3) map (along, across, 1) to
    (u, v). ``weights`` (k,) are what full coverage adds to a pixel.
    """
    for k in range(weights.size):
        frame = frames[k]
        determinant = frame[0, 0] * frame[1, 1] - frame[0, 1] * frame[1, 0]
        weight = weights[k] if determinant > 0.0 else -weights[k]
        _draw_outline(buffer, boundaries, low[k], high[k], limits[k], frame, weight)


@compiled
def _draw_outline(
    buffer: FloatArray,
    boundaries: FloatArray,
    low: FloatArray,
    high: FloatArray,
    limits: FloatArray,
    frame: FloatArray,
    weight: float,
) -> None:
    """Draw one aperture. Where open strips meet, only what they do not share is drawn."""
    was_open = False
    a = b = edge = 0.0
    for strip in range(low.size):
        across = min(max(boundaries[strip], limits[2]), limits[3])
        end = min(max(boundaries[strip + 1], limits[2]), limits[3])
        c = min(max(low[strip], limits[0]), limits[1])
        d = min(max(high[strip], limits[0]), limits[1])
        is_open = end > across and d > c
        if was_open and is_open:
            _draw_line(buffer, frame, a, across, c, across, weight)
            _draw_line(buffer, frame, d, across, b, across, weight)
        elif was_open:
            _draw_line(buffer, frame, a, edge, b, edge, weight)
        elif is_open:
            _draw_line(buffer, frame, d, across, c, across, weight)
        if is_open:
            _draw_line(buffer, frame, c, across, c, end, weight)
            _draw_line(buffer, frame, d, end, d, across, weight)
            a, b, edge = c, d, end
        was_open = is_open
    if was_open:
        _draw_line(buffer, frame, a, edge, b, edge, weight)


@compiled
def _draw_line(
    buffer: FloatArray,
    frame: FloatArray,
    along0: float,
    across0: float,
    along1: float,
    across1: float,
    weight: float,
) -> None:
    """Draw the line between two points of the aperture; lines with v ascending count as +."""
    u0 = frame[0, 0] * along0 + frame[0, 1] * across0 + frame[0, 2]
    v0 = frame[1, 0] * along0 + frame[1, 1] * across0 + frame[1, 2]
    u1 = frame[0, 0] * along1 + frame[0, 1] * across1 + frame[0, 2]
    v1 = frame[1, 0] * along1 + frame[1, 1] * across1 + frame[1, 2]
    if v0 == v1:
        return
    if v1 < v0:
        u0, v0, u1, v1, weight = u1, v1, u0, v0, -weight
    slope = (u1 - u0) / (v1 - v0)
    rows = buffer.shape[0]
    top, bottom = max(v0, 0.0), min(v1, float(rows))
    if top >= bottom:
        return
    v = top
    u = u0 + slope * (v - v0)
    for row in range(int(top), min(math.ceil(bottom), rows)):
        next_v = min(row + 1.0, bottom)
        next_u = u0 + slope * (next_v - v0)
        draw_in_row(buffer, row, min(u, next_u), max(u, next_u), weight * (next_v - v))
        u, v = next_u, next_v


@compiled
def draw_in_row(buffer: FloatArray, row: int, u0: float, u1: float, area: float) -> None:
    """Add the area right of a piece of line inside one row, from u0 to u1 >= u0.

    ``area`` is the signed height of the piece. What lies left of the grid covers all of the row,
    what lies right of it nothing.
    """
    columns = buffer.shape[1] - 1
    if u0 >= columns:
        return
    if u1 <= 0.0:
        buffer[row, 0] += area
        return
    column = int(max(u0, 0.0))
    if u0 >= 0.0 and u1 <= column + 1.0:
        middle = 0.5 * (u0 + u1) - column
        buffer[row, column] += area * (1.0 - middle)
        buffer[row, column + 1] += area * middle
        return
    density = area / (u1 - u0)
    if u0 < 0.0:
        buffer[row, 0] -= density * u0
        u0 = 0.0
    stop = min(u1, float(columns))
    while u0 < stop:
        next_u = min(column + 1.0, stop)
        part = density * (next_u - u0)
        middle = 0.5 * (u0 + next_u) - column
        buffer[row, column] += part * (1.0 - middle)
        buffer[row, column + 1] += part * middle
        u0 = next_u
        column += 1
