"""Volumes between moving edges, pixel by pixel: the faces of a body in (u, v, time).

What an aperture leaves open while its edges move evenly is a polyhedron over the grid and the
time. Only its faces are drawn: each adds, to the cells that it crosses, the signed volume to its
right. The running sum along a row is then the open time of each pixel, exactly, at any angle.
"""

import math

from gateway.domain.units import FloatArray
from gateway.kernels.compiled import compiled

CORNERS = 256
"""Room for the corners of a face and for those that cutting adds."""


@compiled
def draw_facet(
    buffer: FloatArray,
    face: FloatArray,
    corners: int,
    weight: float,
    frame: FloatArray,
    work: FloatArray,
) -> None:
    """Draw a flat face, ``face[:corners]`` of (u, v, time), into ``buffer`` (rows, columns + 1).

    Faces that go round the (v, time) plane against the clock count as +; if ``frame``, by which
    they were placed, mirrors, as -. ``work`` is (3, CORNERS, 3) of scratch space.
    """
    if frame[0, 0] * frame[1, 1] < frame[0, 1] * frame[1, 0]:
        weight = -weight
    rows = buffer.shape[0]
    lowest = highest = face[0, 1]
    for corner in range(1, corners):
        lowest = min(lowest, face[corner, 1])
        highest = max(highest, face[corner, 1])
    if highest <= 0.0 or lowest >= rows:
        return
    for row in range(int(max(lowest, 0.0)), min(math.ceil(highest), rows)):
        count = cut(face, corners, 1, float(row), 1.0, work[0])
        count = cut(work[0], count, 1, row + 1.0, -1.0, work[1])
        if count > 2:
            _draw_row(buffer, row, work[1], count, weight, work)


@compiled
def _draw_row(
    buffer: FloatArray,
    row: int,
    face: FloatArray,
    corners: int,
    weight: float,
    work: FloatArray,
) -> None:
    """Draw what lies in one row; left of the grid it opens all of the row, right of it nothing.

    ``face`` is ``work[1]``, which is used up.
    """
    columns = buffer.shape[1] - 1
    left = right = face[0, 0]
    for corner in range(1, corners):
        left = min(left, face[corner, 0])
        right = max(right, face[corner, 0])
    if left >= columns:
        return
    if right <= 0.0:
        buffer[row, 0] += weight * _volume(face, corners, 0.0)[0]
        return
    if left < 0.0:
        count = cut(face, corners, 0, 0.0, -1.0, work[2])
        buffer[row, 0] += weight * _volume(work[2], count, 0.0)[0]
    first = int(max(left, 0.0))
    for column in range(first, min(max(math.ceil(right), first + 1), columns)):
        cell, count = face, corners
        if left < column:
            count = cut(cell, count, 0, float(column), 1.0, work[2])
            cell = work[2]
        if right > column + 1.0:
            count = cut(cell, count, 0, column + 1.0, -1.0, work[0])
            cell = work[0]
        area, beyond = _volume(cell, count, float(column))
        buffer[row, column] += weight * (area - beyond)
        buffer[row, column + 1] += weight * beyond


@compiled
def cut(
    face: FloatArray, corners: int, axis: int, bound: float, side: float, kept: FloatArray
) -> int:
    """Keep what lies where ``side * (coordinate - bound) >= 0``; returns the number of corners."""
    count = 0
    if corners == 0:
        return 0
    here = corners - 1
    from_bound = side * (face[here, axis] - bound)
    for there in range(corners):
        to_bound = side * (face[there, axis] - bound)
        if (from_bound < 0.0) != (to_bound < 0.0):
            part = from_bound / (from_bound - to_bound)
            for k in range(3):
                kept[count, k] = face[here, k] + part * (face[there, k] - face[here, k])
            kept[count, axis] = bound
            count += 1
        if to_bound >= 0.0:
            for k in range(3):
                kept[count, k] = face[there, k]
            count += 1
        here, from_bound = there, to_bound
    return count


@compiled
def _volume(face: FloatArray, corners: int, column: float) -> tuple[float, float]:
    """The signed area in the (v, time) plane, and the integral of u - ``column`` over it."""
    area = moment = 0.0
    u = face[0, 0] - column
    for corner in range(2, corners):
        v1, t1 = face[corner - 1, 1] - face[0, 1], face[corner - 1, 2] - face[0, 2]
        v2, t2 = face[corner, 1] - face[0, 1], face[corner, 2] - face[0, 2]
        part = 0.5 * (v1 * t2 - v2 * t1)
        area += part
        moment += part * (u + (face[corner - 1, 0] - column) + (face[corner, 0] - column)) / 3.0
    return area, moment
