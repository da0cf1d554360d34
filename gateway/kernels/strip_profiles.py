"""Meterset through strips at an oblique angle: each strip's profile first, then the pixels.

While the collimator and the jaws across the travel stand still, what a strip is given depends on
the place along the travel only: a sum of ramps, one for each edge on its way. All segments of a
beam make one such profile, which is linear between its knots; a pixel is given the profile's
integral over the part of it that lies in the strip. Both are exact.
"""

import math

import numpy as np
import numpy.typing as npt

from gateway.domain.units import FloatArray
from gateway.kernels.compiled import compiled
from gateway.kernels.facet import cut
from gateway.kernels.swept_strips import HIGH, KNOTS, LOW, MOMENT, bounding_edge, strip_path

IntArray = npt.NDArray[np.int64]
_PLACE, _STEEPER, _JUMP = range(3)
"""Rows of ramps: where the profile bends, by how much, and by how much it jumps."""
_VALUE, _SLOPE = 1, 2
"""Rows of a profile, beside _PLACE: what it is from a knot on, and how it goes on (MU/mm)."""
_STANDS_MM = 1e-9
"""An edge that moves less makes a jump."""
_CROWD = 12
"""So many ramps in one bin are sorted in another way."""


@compiled
def sweep_oblique(
    total: FloatArray,
    boundaries: FloatArray,
    low: FloatArray,
    high: FloatArray,
    limits: FloatArray,
    meterset: FloatArray,
    frame: FloatArray,
) -> None:
    """Add the mean meterset of each pixel to ``total``, for jaws across that never move.

    All as for ``meterset_map.sweep_turned`` with one frame; ``boundaries`` end where the jaws
    across the travel stand.
    """
    path = np.empty((KNOTS, 5))
    ramps = np.empty((3, 2 * KNOTS * 2 * max(meterset.size - 1, 1)))
    work, inverse = np.empty((3, 16, 3)), np.linalg.inv(np.ascontiguousarray(frame[:, :2]))
    for strip in range(low.shape[2]):
        b0, b1 = boundaries[strip], boundaries[strip + 1]
        if b1 <= b0:
            continue
        count = _ramps(ramps, path, low, high, limits, meterset, b0, b1, strip)
        if count > 1:
            profile, first = _profile(ramps, count)
            _lay(total, profile, first, b0, b1, frame, inverse, work)


@compiled
def _ramps(
    ramps: FloatArray,
    path: FloatArray,
    low: FloatArray,
    high: FloatArray,
    limits: FloatArray,
    meterset: FloatArray,
    b0: float,
    b1: float,
    strip: int,
) -> int:
    """Collect the ramps of one strip; returns how many bends they have."""
    jaw_low, jaw_high = limits[:, 0], limits[:, 1]
    count = 0
    for row in range(meterset.size - 1):
        given = meterset[row + 1] - meterset[row]
        if given <= 0.0:
            continue
        a0, a1, one_low = bounding_edge(low, jaw_low, row, strip, 1.0)
        d0, d1, one_high = bounding_edge(high, jaw_high, row, strip, -1.0)
        if one_low and one_high and (d0 - a0) * (d1 - a1) >= 0.0:
            if d0 > a0 or d1 > a1:
                count = _ramp(ramps, count, a0, a1, given)
                count = _ramp(ramps, count, d0, d1, -given)
            continue
        knots = strip_path(
            path, low[row : row + 2], high[row : row + 2], limits[row : row + 2], b0, b1, strip
        )
        for knot in range(knots - 1):
            after = knot + 1
            if path[knot, HIGH] > path[knot, LOW] or path[after, HIGH] > path[after, LOW]:
                part = given * (path[after, MOMENT] - path[knot, MOMENT])
                count = _ramp(ramps, count, path[knot, LOW], path[after, LOW], part)
                count = _ramp(ramps, count, path[knot, HIGH], path[after, HIGH], -part)
    return count


@compiled
def _ramp(ramps: FloatArray, count: int, before: float, after: float, weight: float) -> int:
    """An edge on its way: from nothing to ``weight``."""
    start, end = min(before, after), max(before, after)
    if end - start < _STANDS_MM:
        ramps[_PLACE, count] = 0.5 * (start + end)
        ramps[_STEEPER, count] = 0.0
        ramps[_JUMP, count] = weight
        return count + 1
    ramps[_PLACE, count], ramps[_PLACE, count + 1] = start, end
    ramps[_STEEPER, count] = weight / (end - start)
    ramps[_STEEPER, count + 1] = -ramps[_STEEPER, count]
    ramps[_JUMP, count] = ramps[_JUMP, count + 1] = 0.0
    return count + 2


@compiled
def _profile(ramps: FloatArray, count: int) -> tuple[FloatArray, IntArray]:
    """The profile (3, knots), and the piece in which each of as many bins begins.

    Slopes are summed with their rounding, for what a steep ramp adds it takes away again.
    """
    order, first = _sorted(ramps[_PLACE, :count])
    profile = np.empty((3, count))
    value = slope = lost = 0.0
    for knot in range(count):
        ramp = order[knot]
        place, steeper = ramps[_PLACE, ramp], ramps[_STEEPER, ramp]
        if knot > 0:
            value += (slope + lost) * (place - profile[_PLACE, knot - 1])
        value += ramps[_JUMP, ramp]
        sum_ = slope + steeper
        part = sum_ - slope
        lost += (slope - (sum_ - part)) + (steeper - part)
        slope = sum_
        profile[_PLACE, knot], profile[_VALUE, knot] = place, value
        profile[_SLOPE, knot] = slope + lost
    return profile, first


@compiled
def _sorted(places: FloatArray) -> tuple[IntArray, IntArray]:
    """The order of ``places``, and the last of them at or before the start of each bin."""
    count = places.size
    lowest = highest = places[0]
    for place in places:
        lowest, highest = min(lowest, place), max(highest, place)
    per_mm = _bins_per_mm(lowest, highest, count)
    bins = np.zeros(count + 1, np.int64)
    for place in places:
        bins[min(int((place - lowest) * per_mm), count - 1) + 1] += 1
    crowd = bins.max()
    for number in range(count):
        bins[number + 1] += bins[number]
    first = np.maximum(bins[:count] - 1, 0)
    if crowd > _CROWD:
        return np.argsort(places), first
    order, filled = np.empty(count, np.int64), bins.copy()
    for ramp in range(count):
        number = min(int((places[ramp] - lowest) * per_mm), count - 1)
        at = filled[number]
        while at > bins[number] and places[order[at - 1]] > places[ramp]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = ramp
        filled[number] += 1
    return order, first


@compiled
def _bins_per_mm(lowest: float, highest: float, count: int) -> float:
    return count / (highest - lowest) if highest > lowest else 0.0


@compiled
def _lay(
    total: FloatArray,
    profile: FloatArray,
    first: IntArray,
    b0: float,
    b1: float,
    frame: FloatArray,
    inverse: FloatArray,
    work: FloatArray,
) -> None:
    """Add the profile's mean over every pixel that the strip touches."""
    start, end = profile[_PLACE, 0], profile[_PLACE, -1]
    determinant = frame[0, 0] * frame[1, 1] - frame[0, 1] * frame[1, 0]
    lowest, highest = np.inf, -np.inf
    for corner in range(4):
        x = start if corner in (0, 3) else end
        y = b0 if corner < 2 else b1
        work[0, corner, 0] = frame[0, 0] * x + frame[0, 1] * y + frame[0, 2]
        work[0, corner, 1] = frame[1, 0] * x + frame[1, 1] * y + frame[1, 2]
        lowest, highest = min(lowest, work[0, corner, 1]), max(highest, work[0, corner, 1])
    for row in range(int(max(lowest, 0.0)), min(math.ceil(highest), total.shape[0])):
        count = cut(work[0], 4, 1, float(row), 1.0, work[1])
        count = cut(work[1], count, 1, row + 1.0, -1.0, work[2])
        if count < 3:
            continue
        left, right = work[2, :count, 0].min(), work[2, :count, 0].max()
        for column in range(int(max(left, 0.0)), min(math.ceil(right), total.shape[1])):
            corners = _pixel(work, row, column, b0, b1, frame, inverse)
            total[row, column] -= determinant * _integral(work, corners, profile, first, b0)


@compiled
def _pixel(
    work: FloatArray,
    row: int,
    column: int,
    b0: float,
    b1: float,
    frame: FloatArray,
    inverse: FloatArray,
) -> int:
    """Put the part of a pixel that lies in the strip into ``work[1]``: (along, across)."""
    inside = True
    for corner in range(4):
        u = column + (1.0 if corner in (1, 2) else 0.0) - frame[0, 2]
        v = row + (1.0 if corner > 1 else 0.0) - frame[1, 2]
        across = inverse[1, 0] * u + inverse[1, 1] * v
        work[1, corner, 0] = inverse[0, 0] * u + inverse[0, 1] * v
        work[1, corner, 1] = across
        inside = inside and b0 <= across <= b1
    if inside:
        return 4
    count = cut(work[1], 4, 1, b0, 1.0, work[2])
    return cut(work[2], count, 1, b1, -1.0, work[1])


@compiled
def _integral(
    work: FloatArray, corners: int, profile: FloatArray, first: IntArray, b0: float
) -> float:
    """The profile times the height above ``b0``, along the outline of ``work[1]``."""
    total = 0.0
    for corner in range(corners):
        after = corner + 1 if corner + 1 < corners else 0
        x0, y0 = work[1, corner, 0], work[1, corner, 1] - b0
        x1, y1 = work[1, after, 0], work[1, after, 1] - b0
        if x0 < x1:
            total += _under(profile, first, x0, y0, x1, y1)
        elif x1 < x0:
            total -= _under(profile, first, x1, y1, x0, y0)
    return total


@compiled
def _under(
    profile: FloatArray, first: IntArray, x0: float, y0: float, x1: float, y1: float
) -> float:
    """The integral from x0 to x1 of the profile times a line, piece by piece."""
    knots = profile.shape[1]
    here, end = max(x0, profile[_PLACE, 0]), min(x1, profile[_PLACE, knots - 1])
    if here >= end:
        return 0.0
    per_mm = _bins_per_mm(profile[_PLACE, 0], profile[_PLACE, knots - 1], knots)
    piece = first[min(int((here - profile[_PLACE, 0]) * per_mm), knots - 1)]
    while piece > 0 and profile[_PLACE, piece] > here:
        piece -= 1
    steep = (y1 - y0) / (x1 - x0)
    total = 0.0
    while here < end:
        while piece + 2 < knots and profile[_PLACE, piece + 1] <= here:
            piece += 1
        place = profile[_PLACE, piece]
        there = min(end, profile[_PLACE, piece + 1])
        f0 = profile[_VALUE, piece] + profile[_SLOPE, piece] * (here - place)
        f1 = profile[_VALUE, piece] + profile[_SLOPE, piece] * (there - place)
        h0, h1 = y0 + steep * (here - x0), y0 + steep * (there - x0)
        total += (there - here) / 6.0 * (f0 * (2.0 * h0 + h1) + f1 * (h0 + 2.0 * h1))
        here = there
        piece += 1
    return total
