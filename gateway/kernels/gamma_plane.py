"""Gamma of a 2-D distribution against the triangles of another (see gamma_simplex)."""

import numpy as np

from gateway.domain.units import BoolArray, FloatArray, Int64Array
from gateway.kernels.compiled import inlined, vectorised
from gateway.kernels.gamma_lanes import (
    LANES,
    after,
    any_beyond,
    begin,
    finish,
    gather,
    greater,
    lesser,
)
from gateway.kernels.gamma_simplex import nearest_on_edge, nearest_on_triangle


@vectorised
def gamma_rows(
    gammas: FloatArray,
    reference: FloatArray,
    evaluated: FloatArray,
    criteria: FloatArray,
    steps: FloatArray,
    at: tuple[Int64Array, ...],
    within: tuple[FloatArray, ...],
    room: tuple[FloatArray, ...],
    together: BoolArray,
    offsets: Int64Array,
    squares: FloatArray,
    first: int,
    last: int,
) -> int:
    """Gamma of the rows ``first`` to ``last`` of ``reference``; how many searched past the border.

    ``steps`` are the evaluated grid's, from row to row and from column to column. A point stands
    ``within`` past the evaluated row and column ``at`` and ``room`` from the border (the columns'
    arrays filled up to whole LANES). ``together``: of each LANES, whether their columns follow each
    other. ``offsets`` (n, 2) are cells relative to the point's own, by ascending ``squares``, the
    least squared distance that any point has from them. All lengths are in units of the distance
    criterion; ``criteria`` as in gamma_lanes.
    """
    lanes, corners = np.empty((3, LANES)), np.empty((2, 2 * LANES))
    rows, columns = evaluated.shape
    beyond = 0
    for row in range(first, last):
        for start in range(0, reference.shape[1], LANES):
            judged = begin(lanes, reference, row, start, criteria)
            own, direct = at[1][start], together[start // LANES]
            reached = 0.0
            for number in range(squares.size if judged else 0):
                square = squares[number]
                if square > reached:
                    reached = square
                    if not any_beyond(lanes, square):
                        break
                low, left = at[0][row] + offsets[number, 0], offsets[number, 1]
                if not 0 <= low < rows:
                    continue
                y = offsets[number, 0] * steps[0] - within[0][row]
                x = left * steps[1]
                here = own + left
                if direct and low + 1 < rows and 0 <= here < columns - LANES:
                    if _may_gain(lanes, square, evaluated, low, here, 1):
                        _search(lanes, within[1], start, x, y, steps, evaluated, low, here, 1)
                else:
                    gather(corners, 0, evaluated, low, at[1], start, left)
                    gather(corners, 1, evaluated, low + 1, at[1], start, left)
                    if _may_gain(lanes, square, corners, 0, 0, LANES):
                        _search(lanes, within[1], start, x, y, steps, corners, 0, 0, LANES)
            beyond += finish(gammas, row, start, lanes, room[1], room[0][row])
    return beyond


@inlined
def _may_gain(
    lanes: FloatArray, square: float, values: FloatArray, low: int, left: int, right: int
) -> bool:
    """Whether the range of the cell's doses lets any lane come nearer than its best.

    The cell's corners are in the rows ``low`` and ``low + 1`` of ``values``, from the columns
    ``left`` and ``left + right`` on.
    """
    gain = 0
    for lane in range(LANES):
        a0, a1 = values[low, after(left, lane)], values[low, after(left + right, lane)]
        b0, b1 = values[low + 1, after(left, lane)], values[low + 1, after(left + right, lane)]
        low_a, high_a = lesser(a0, a1), greater(a0, a1)
        low_b, high_b = lesser(b0, b1), greater(b0, b1)
        under = lesser(low_b, low_a) - lanes[0, lane]
        over = lanes[0, lane] - greater(high_b, high_a)
        off = greater(over, under)
        off = greater(0.0, off) * lanes[1, lane]
        total = a0 + a1 + b0 + b1
        gain |= (square + off * off < lanes[2, lane]) | (total != total)  # noqa: PLR0124 - NaN
    return gain != 0


@inlined
def _search(
    lanes: FloatArray,
    within: FloatArray,
    start: int,
    x_of_cell: float,
    y: float,
    steps: FloatArray,
    values: FloatArray,
    low: int,
    left: int,
    right: int,
) -> None:
    """Lower the lanes' best to what the lowest corner, edges and triangles of a cell allow."""
    step_y, step_x = steps[0], steps[1]
    per_x, per_y = 1.0 / step_x, 1.0 / step_y
    in_x, in_y = per_x * per_x, per_y * per_y
    in_xy = 1.0 / (step_x * step_x + step_y * step_y)
    along_y, y2 = -y * per_y, y * y
    for lane in range(LANES):
        dose, scale, best = lanes[0, lane], lanes[1, lane], lanes[2, lane]
        z = (values[low, after(left, lane)] - dose) * scale
        z_x = (values[low, after(left + right, lane)] - dose) * scale
        z_y = (values[low + 1, after(left, lane)] - dose) * scale
        z_xy = (values[low + 1, after(left + right, lane)] - dose) * scale
        x = x_of_cell - within[after(start, lane)]
        along_x = -x * per_x
        along_xy = -(x * step_x + y * step_y) * in_xy
        off_xy = x * step_y - y * step_x
        square = x * x + y2 + z * z
        best = lesser(square, best)
        best = nearest_on_edge(best, z, y2, z_x - z, along_x, in_x)
        best = nearest_on_edge(best, z, x * x, z_y - z, along_y, in_y)
        best = nearest_on_edge(best, z, off_xy * off_xy * in_xy, z_xy - z, along_xy, in_xy)
        best = nearest_on_triangle(best, z, 0.0, z_x - z, along_x, in_x, z_xy - z_x, along_y, in_y)
        best = nearest_on_triangle(best, z, 0.0, z_y - z, along_y, in_y, z_xy - z_y, along_x, in_x)
        lanes[2, lane] = best
