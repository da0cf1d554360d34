"""Squared distances to simplices of a piecewise linear dose (Ju et al. 2008, Med Phys 35:879).

Space and dose are in units of their criteria; the point judged is the origin. A cell of the grid
is cut into simplices that go from its lowest corner to its highest in steps along one or more axes
(two triangles, six tetrahedra). Every edge, triangle and tetrahedron that starts at a cell's lowest
corner is a chain of one, two or three such steps, and the steps of a chain are orthogonal in space.
The dose over it is linear, so that the nearest point has a closed form; it counts where it lies
inside. What begins at another corner belongs to another cell.

Of each step: ``rise`` is by how much the dose goes up along it, ``along`` where the origin lies
(0 at its start, 1 at its end) and ``inverse`` one over its squared length. ``start`` is the dose at
the lowest corner, less that of the point judged. ``rest`` is the squared distance in space between
the origin and the simplex's plane, and ``best`` the least squared distance so far.
"""

from gateway.kernels.compiled import inlined


@inlined
def nearest_on_edge(
    best: float, start: float, rest: float, rise: float, along: float, inverse: float
) -> float:
    """``best``, or the squared distance to an edge of one step where that is less."""
    height = start + rise * along
    lift = height / (1.0 + rise * rise * inverse)
    foot = along - rise * inverse * lift
    square = rest + height * lift
    return square if (square < best) & (foot >= 0.0) & (foot <= 1.0) else best


@inlined
def nearest_on_triangle(
    best: float,
    start: float,
    rest: float,
    rise0: float,
    along0: float,
    inverse0: float,
    rise1: float,
    along1: float,
    inverse1: float,
) -> float:
    """``best``, or the squared distance to a triangle of two steps where that is less."""
    height = start + rise0 * along0 + rise1 * along1
    lift = height / (1.0 + rise0 * rise0 * inverse0 + rise1 * rise1 * inverse1)
    foot0 = along0 - rise0 * inverse0 * lift
    foot1 = along1 - rise1 * inverse1 * lift
    square = rest + height * lift
    inside = (foot0 <= 1.0) & (foot1 <= foot0) & (foot1 >= 0.0)
    return square if (square < best) & inside else best


@inlined
def nearest_in_tetrahedron(
    best: float,
    start: float,
    rise0: float,
    along0: float,
    inverse0: float,
    rise1: float,
    along1: float,
    inverse1: float,
    rise2: float,
    along2: float,
    inverse2: float,
) -> float:
    """``best``, or the squared distance to a tetrahedron of three steps where that is less."""
    height = start + rise0 * along0 + rise1 * along1 + rise2 * along2
    steepness = rise0 * rise0 * inverse0 + rise1 * rise1 * inverse1 + rise2 * rise2 * inverse2
    lift = height / (1.0 + steepness)
    foot0 = along0 - rise0 * inverse0 * lift
    foot1 = along1 - rise1 * inverse1 * lift
    foot2 = along2 - rise2 * inverse2 * lift
    square = height * lift
    inside = (foot0 <= 1.0) & (foot1 <= foot0) & (foot2 <= foot1) & (foot2 >= 0.0)
    return square if (square < best) & inside else best
