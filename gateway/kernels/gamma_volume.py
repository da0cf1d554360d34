"""Gamma of a 3-D distribution against the tetrahedra of another (see gamma_simplex)."""

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
from gateway.kernels.gamma_simplex import (
    nearest_in_tetrahedron,
    nearest_on_edge,
    nearest_on_triangle,
)


@vectorised
def gamma_lines(
    gammas: FloatArray,
    reference: FloatArray,
    evaluated: FloatArray,
    rows: tuple[int, int],
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
    """Gamma of the lines ``first`` to ``last`` of ``reference``, as ``gamma_rows`` of gamma_plane.

    ``gammas``, ``reference`` and ``evaluated`` have one line for each row of each plane; ``rows``
    are a plane's, of the reference and of the evaluated. ``steps``, ``offsets`` (n, 3) and the
    three arrays of ``at``, ``within`` and ``room`` go by plane, row and column.
    """
    lanes, corners = np.empty((3, LANES)), np.empty((4, 2 * LANES))
    planes, columns = evaluated.shape[0] // rows[1], evaluated.shape[1]
    beyond = 0
    for line in range(first, last):
        own_plane, own_row = line // rows[0], line % rows[0]
        for start in range(0, reference.shape[1], LANES):
            judged = begin(lanes, reference, line, start, criteria)
            own, direct = at[2][start], together[start // LANES]
            reached = 0.0
            for number in range(squares.size if judged else 0):
                square = squares[number]
                if square > reached:
                    reached = square
                    if not any_beyond(lanes, square):
                        break
                plane = at[0][own_plane] + offsets[number, 0]
                row = at[1][own_row] + offsets[number, 1]
                left = offsets[number, 2]
                if not (0 <= plane < planes and 0 <= row < rows[1]):
                    continue
                z = offsets[number, 0] * steps[0] - within[0][own_plane]
                y = offsets[number, 1] * steps[1] - within[1][own_row]
                x = left * steps[2]
                low = plane * rows[1] + row
                here = own + left
                whole = plane + 1 < planes and row + 1 < rows[1] and 0 <= here < columns - LANES
                if direct and whole:
                    where = (low, rows[1], here, 1)
                    if _may_gain(lanes, square, evaluated, where):
                        _search(lanes, within[2], start, (x, y, z), steps, evaluated, where)
                else:
                    for corner in range(4):
                        far, up = corner // 2, corner % 2
                        inside = plane + far < planes and row + up < rows[1]
                        source = low + far * rows[1] + up if inside else -1
                        gather(corners, corner, evaluated, source, at[2], start, left)
                    where = (0, 2, 0, LANES)
                    if _may_gain(lanes, square, corners, where):
                        _search(lanes, within[2], start, (x, y, z), steps, corners, where)
            to_border = min(room[0][own_plane], room[1][own_row])
            beyond += finish(gammas, line, start, lanes, room[2], to_border)
    return beyond


@inlined
def _may_gain(
    lanes: FloatArray, square: float, values: FloatArray, where: tuple[int, int, int, int]
) -> bool:
    """Whether the range of the cell's doses lets any lane come nearer than its best.

    ``where``: the cell's corners are in the lines ``low``, ``low + 1``, ``low + far`` and
    ``low + far + 1`` of ``values``, from the columns ``left`` and ``left + right`` on.
    """
    low, far, left, right = where
    gain = 0
    for lane in range(LANES):
        here, there = after(left, lane), after(left + right, lane)
        a0, a1 = values[low, here], values[low, there]
        b0, b1 = values[low + 1, here], values[low + 1, there]
        c0, c1 = values[low + far, here], values[low + far, there]
        d0, d1 = values[low + far + 1, here], values[low + far + 1, there]
        low_a, high_a = lesser(a0, a1), greater(a0, a1)
        low_b, high_b = lesser(b0, b1), greater(b0, b1)
        low_c, high_c = lesser(c0, c1), greater(c0, c1)
        low_d, high_d = lesser(d0, d1), greater(d0, d1)
        low_a, high_a = lesser(low_b, low_a), greater(high_b, high_a)
        low_c, high_c = lesser(low_d, low_c), greater(high_d, high_c)
        under = lesser(low_c, low_a) - lanes[0, lane]
        over = lanes[0, lane] - greater(high_c, high_a)
        off = greater(over, under)
        off = greater(0.0, off) * lanes[1, lane]
        total = a0 + a1 + b0 + b1 + c0 + c1 + d0 + d1
        gain |= (square + off * off < lanes[2, lane]) | (total != total)  # noqa: PLR0124 - NaN
    return gain != 0


@inlined
def _search(  # noqa: PLR0915 - each simplex has its line
    lanes: FloatArray,
    within: FloatArray,
    start: int,
    cell: tuple[float, float, float],
    steps: FloatArray,
    values: FloatArray,
    where: tuple[int, int, int, int],
) -> None:
    """Lower the lanes' best to what all that starts at a cell's lowest corner allows."""
    low, far, left, right = where
    y, z = cell[1], cell[2]
    hz, hy, hx = steps[0], steps[1], steps[2]
    ix, iy, iz = 1.0 / (hx * hx), 1.0 / (hy * hy), 1.0 / (hz * hz)
    ixy, ixz, iyz = 1.0 / (hx * hx + hy * hy), 1.0 / (hx * hx + hz * hz), 1.0 / (hy * hy + hz * hz)
    ixyz = 1.0 / (hx * hx + hy * hy + hz * hz)
    per_x, y2, z2 = 1.0 / hx, y * y, z * z
    ay, az, ayz = -y / hy, -z / hz, -(y * hy + z * hz) * iyz
    pyz = (y * hz - z * hy) ** 2
    oyz = pyz * iyz
    for lane in range(LANES):
        here, there = after(left, lane), after(left + right, lane)
        dose, scale, best = lanes[0, lane], lanes[1, lane], lanes[2, lane]
        d = (values[low, here] - dose) * scale
        dx = (values[low, there] - dose) * scale
        dy = (values[low + 1, here] - dose) * scale
        dxy = (values[low + 1, there] - dose) * scale
        dz = (values[low + far, here] - dose) * scale
        dxz = (values[low + far, there] - dose) * scale
        dyz = (values[low + far + 1, here] - dose) * scale
        dxyz = (values[low + far + 1, there] - dose) * scale
        x = cell[0] - within[after(start, lane)]
        x2 = x * x
        ax, axy, axz = -x * per_x, -(x * hx + y * hy) * ixy, -(x * hx + z * hz) * ixz
        axyz = -(x * hx + y * hy + z * hz) * ixyz
        pxy, pxz = (x * hy - y * hx) ** 2, (x * hz - z * hx) ** 2
        oxy, oxz, oxyz = pxy * ixy, pxz * ixz, (pxy + pxz + pyz) * ixyz
        square = x2 + y2 + z2 + d * d
        best = lesser(square, best)
        best = nearest_on_edge(best, d, y2 + z2, dx - d, ax, ix)
        best = nearest_on_edge(best, d, x2 + z2, dy - d, ay, iy)
        best = nearest_on_edge(best, d, x2 + y2, dz - d, az, iz)
        best = nearest_on_edge(best, d, oxy + z2, dxy - d, axy, ixy)
        best = nearest_on_edge(best, d, oxz + y2, dxz - d, axz, ixz)
        best = nearest_on_edge(best, d, oyz + x2, dyz - d, ayz, iyz)
        best = nearest_on_edge(best, d, oxyz, dxyz - d, axyz, ixyz)
        best = nearest_on_triangle(best, d, z2, dx - d, ax, ix, dxy - dx, ay, iy)
        best = nearest_on_triangle(best, d, z2, dy - d, ay, iy, dxy - dy, ax, ix)
        best = nearest_on_triangle(best, d, y2, dx - d, ax, ix, dxz - dx, az, iz)
        best = nearest_on_triangle(best, d, y2, dz - d, az, iz, dxz - dz, ax, ix)
        best = nearest_on_triangle(best, d, x2, dy - d, ay, iy, dyz - dy, az, iz)
        best = nearest_on_triangle(best, d, x2, dz - d, az, iz, dyz - dz, ay, iy)
        best = nearest_on_triangle(best, d, oyz, dx - d, ax, ix, dxyz - dx, ayz, iyz)
        best = nearest_on_triangle(best, d, oyz, dyz - d, ayz, iyz, dxyz - dyz, ax, ix)
        best = nearest_on_triangle(best, d, oxz, dy - d, ay, iy, dxyz - dy, axz, ixz)
        best = nearest_on_triangle(best, d, oxz, dxz - d, axz, ixz, dxyz - dxz, ay, iy)
        best = nearest_on_triangle(best, d, oxy, dz - d, az, iz, dxyz - dz, axy, ixy)
        best = nearest_on_triangle(best, d, oxy, dxy - d, axy, ixy, dxyz - dxy, az, iz)
        end = dxyz
        best = nearest_in_tetrahedron(best, d, dx - d, ax, ix, dxy - dx, ay, iy, end - dxy, az, iz)
        best = nearest_in_tetrahedron(best, d, dx - d, ax, ix, dxz - dx, az, iz, end - dxz, ay, iy)
        best = nearest_in_tetrahedron(best, d, dy - d, ay, iy, dxy - dy, ax, ix, end - dxy, az, iz)
        best = nearest_in_tetrahedron(best, d, dy - d, ay, iy, dyz - dy, az, iz, end - dyz, ax, ix)
        best = nearest_in_tetrahedron(best, d, dz - d, az, iz, dxz - dz, ax, ix, end - dxz, ay, iy)
        best = nearest_in_tetrahedron(best, d, dz - d, az, iz, dyz - dz, ay, iy, end - dyz, ax, ix)
        lanes[2, lane] = best
