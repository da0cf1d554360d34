"""What the gamma kernels do alike for several points of one row at once (lanes).

No slices are taken here: each would count a reference to an array that all threads share. Where a
loop has to become vector instructions its index is unsigned, which cannot count from the end.
"""

import math

import numpy as np

from gateway.domain.units import FloatArray, Int64Array
from gateway.kernels.compiled import inlined

LANES = 16
"""Points that are searched together: two of the widest vectors of float64."""


@inlined
def begin(
    lanes: FloatArray, reference: FloatArray, row: int, start: int, criteria: FloatArray
) -> bool:
    """Fill ``lanes`` (3, LANES) from a row of ``reference``; whether any point is judged.

    Lanes are the points' doses, the factors from dose to units of the dose criterion, and the
    squares of the largest gamma, or -1 where a point does not count: of a dose below the lowest, or
    of none for a local criterion. ``criteria``: lowest dose judged, dose criterion (of a local one
    the share of the point's own dose), 1.0 where it is local, largest gamma.
    """
    count = reference.shape[1] - start
    if count >= LANES:
        for lane in range(LANES):
            lanes[0, lane] = reference[row, after(start, lane)]
    else:
        for lane in range(LANES):
            lanes[0, lane] = reference[row, start + lane] if lane < count else math.nan
    local = criteria[2] > 0.0
    most = criteria[3] * criteria[3]
    judged = 0
    for lane in range(LANES):
        dose = lanes[0, lane]
        counts = (dose >= criteria[0]) & (dose < math.inf) & ((not local) | (dose > 0.0))
        lanes[2, lane] = most if counts else -1.0
        judged |= counts
    if judged == 0:
        return False
    for lane in range(LANES):
        lanes[1, lane] = 1.0 / (criteria[1] * (lanes[0, lane] if local else 1.0))
    return True


@inlined
def finish(
    gammas: FloatArray,
    row: int,
    start: int,
    lanes: FloatArray,
    rooms: FloatArray,
    room: float,
) -> int:
    """Write gamma of every lane, NaN where not judged; how many searched past the border.

    ``rooms`` and ``room`` are distances to the evaluated grid's border along and across the row,
    below 0 outside, in units of the distance criterion.
    """
    beyond = 0
    for lane in range(LANES):
        gamma = math.sqrt(lanes[2, lane])
        lanes[2, lane] = gamma
        here = rooms[after(start, lane)]
        beyond += gamma > lesser(room, here)
    count = gammas.shape[1] - start
    if count >= LANES:
        for lane in range(LANES):
            gammas[row, after(start, lane)] = lanes[2, lane]
    else:
        for lane in range(count):
            gammas[row, start + lane] = lanes[2, lane]
    return beyond


@inlined
def gather(
    corners: FloatArray,
    to: int,
    values: FloatArray,
    row: int,
    at: Int64Array,
    start: int,
    shift: int,
) -> None:
    """Row ``to`` of ``corners``: each lane's value in its column, then those one column on.

    NaN outside of ``values``.
    """
    rows, columns = values.shape
    for lane in range(LANES):
        column = at[start + lane] + shift
        here = 0 <= row < rows and 0 <= column < columns
        there = 0 <= row < rows and 0 <= column + 1 < columns
        corners[to, lane] = values[row, column] if here else math.nan
        corners[to, LANES + lane] = values[row, column + 1] if there else math.nan


@inlined
def any_beyond(lanes: FloatArray, square: float) -> bool:
    """Whether any lane could gain from something at this squared distance."""
    alive = 0
    for lane in range(LANES):
        alive |= lanes[2, lane] > square
    return alive != 0


@inlined
def after(start: int, lane: int) -> np.uint64:
    """An index that is known not to be negative."""
    return np.uint64(start) + np.uint64(lane)


@inlined
def lesser(first: float, second: float) -> float:
    """One instruction, as ``min`` is not; ``second`` where either is not a number."""
    return first if first < second else second  # noqa: FURB136


@inlined
def greater(first: float, second: float) -> float:
    """As :func:`lesser`."""
    return first if first > second else second  # noqa: FURB136
