"""Gamma the slow, plain way: every point against every simplex, each by least squares."""

from itertools import combinations, permutations, product

import numpy as np

from gateway.domain.gamma import GammaCriteria
from gateway.domain.grids import RegularGrid
from gateway.domain.units import FloatArray


def brute_force_gamma(
    reference: RegularGrid, evaluated: RegularGrid, criteria: GammaCriteria
) -> FloatArray:
    """Gamma at every point of ``reference``, NaN where it is not judged."""
    top = criteria.normalisation or float(np.nanmax(reference.values))
    gammas = np.full(reference.values.shape, np.nan)
    simplices = _simplices(evaluated, criteria.distance_mm)
    for index in np.ndindex(gammas.shape):
        dose = reference.values[index]
        if not dose >= 0.01 * criteria.cutoff_percent * top or (criteria.local and dose <= 0.0):
            continue
        unit = 0.01 * criteria.dose_percent * (dose if criteria.local else top)
        place = np.array([reference.coordinates_mm(axis)[i] for axis, i in enumerate(index)])
        point = np.append(place / criteria.distance_mm, dose / unit)
        scaled = simplices / np.append(np.ones(len(index)), unit)
        gammas[index] = min(_distance(point, scaled), criteria.maximum_gamma)
    return gammas


def _simplices(grid: RegularGrid, distance_mm: float) -> FloatArray:
    """(n, corners, axes + 1): places in units of the distance, then doses; whole or in part.

    A cell's diagonal goes from its lowest to its highest coordinates. Corners without a value are
    NaN: what remains of the simplex (edges, points) is still there.
    """
    axes = range(grid.values.ndim)
    coordinates = [grid.coordinates_mm(axis) for axis in axes]
    orders = [np.argsort(along) for along in coordinates]
    values = np.pad(grid.values[np.ix_(*orders)], 1, constant_values=np.nan)
    beyond = [np.pad(np.sort(a), 1, constant_values=np.nan) for a in coordinates]
    found = []
    for cell in product(*(range(count - 1) for count in values.shape)):
        for path in permutations(axes):
            corner = list(cell)
            corners = [tuple(corner)]
            for axis in path:
                corner[axis] += 1
                corners.append(tuple(corner))
            found.append([[*(beyond[a][c[a]] for a in axes), values[c]] for c in corners])
    simplices = np.array(found)
    simplices[..., :-1] /= distance_mm
    return simplices


def _distance(point: FloatArray, simplices: FloatArray) -> float:
    """From a point to the nearest of all: each set of corners spans a plane, if inside it."""
    least = np.inf
    corners = range(simplices.shape[1])
    for size in range(1, len(corners) + 1):
        for chosen in combinations(corners, size):
            base = simplices[:, chosen[0]]
            sides = simplices[:, chosen[1:]] - base[:, None]
            off = point - base
            gram = sides @ sides.transpose(0, 2, 1)
            whole = np.isfinite(gram).all(axis=(1, 2)) & np.isfinite(off).all(axis=1)
            base, sides, off, gram = base[whole], sides[whole], off[whole], gram[whole]
            weights = np.linalg.solve(gram, (sides @ off[..., None]))[..., 0]
            inside = (weights >= -1e-12).all(axis=1) & (weights.sum(axis=1) <= 1.0 + 1e-12)
            foot = off - (weights[..., None] * sides).sum(axis=1)
            square = np.square(foot[inside]).sum(axis=1)
            least = min(least, square.min(initial=np.inf))
    return float(np.sqrt(least))
