"""Gamma of a distribution against the piecewise linear surface of another, 2-D or 3-D."""

import math
from dataclasses import dataclass

import numpy as np

from gateway.domain.gamma import GammaCriteria, GammaMap
from gateway.domain.grids import RegularGrid
from gateway.domain.units import FloatArray, Int64Array
from gateway.kernels.bands import in_bands
from gateway.kernels.gamma_lanes import LANES
from gateway.kernels.gamma_plane import gamma_rows
from gateway.kernels.gamma_volume import gamma_lines

MOST_CELLS = 2**22
"""As many as one point may have within reach: a cube of 80 voxels to each side."""
_BAND_POINTS = 2**14
_FAR = 2.0**40
"""Steps beyond which it does not matter how far a point is from the evaluated grid."""


def gamma(
    reference: RegularGrid,
    evaluated: RegularGrid,
    criteria: GammaCriteria,
    threads: int | None = None,
) -> GammaMap:
    """Gamma at the points of ``reference``, searched in ``evaluated``.

    Between its points the evaluated distribution is linear on triangles or tetrahedra, and beyond
    them it has no value; so near one that is not a number. Both grids may have spacings and
    origins of their own. Raises ValueError for distributions that are not both 2-D or both 3-D,
    for an evaluated one without points, and for criteria whose search would reach too far.
    """
    dimensions = reference.values.ndim
    if dimensions != evaluated.values.ndim or dimensions not in (2, 3):
        raise ValueError(
            f"gamma compares two distributions of 2 or of 3 dimensions, not of {dimensions} "
            f"and {evaluated.values.ndim}"
        )
    if not evaluated.values.size:
        raise ValueError("the evaluated distribution has no points")
    gammas = np.empty(reference.values.shape)
    beyond = _search(_ascending(reference), _ascending(evaluated), criteria, gammas, threads)
    flipped = tuple(axis for axis, step in enumerate(reference.spacing_mm) if step < 0.0)
    values = np.flip(gammas, flipped) if flipped else gammas
    values.flags.writeable = False
    grid = RegularGrid(values, reference.origin_mm, reference.spacing_mm)
    return GammaMap(grid, criteria, beyond)


def _ascending(grid: RegularGrid) -> RegularGrid:
    """The same distribution with spacings above 0: how a file was written changes nothing."""
    if min(grid.spacing_mm) > 0.0:
        return grid
    values, origin = grid.values, list(grid.origin_mm)
    for axis, step in enumerate(grid.spacing_mm):
        if step < 0.0:
            values = np.flip(values, axis)
            origin[axis] += step * (values.shape[axis] - 1)
    return RegularGrid(values, tuple(origin), tuple(map(abs, grid.spacing_mm)))


def _search(
    reference: RegularGrid,
    evaluated: RegularGrid,
    criteria: GammaCriteria,
    gammas: FloatArray,
    threads: int | None,
) -> int:
    limits = _limits(reference.values, criteria)
    if limits is None:
        gammas[...] = np.nan
        return 0
    axes = [_Axis.of(reference, evaluated, axis, criteria) for axis in range(gammas.ndim)]
    axes[-1] = axes[-1].filled()
    offsets, squares = _cells(axes, criteria.maximum_gamma)
    steps = np.array([axis.step for axis in axes])
    places = (
        tuple(axis.at for axis in axes),
        tuple(axis.within for axis in axes),
        tuple(axis.room for axis in axes),
    )
    follow = axes[-1].at - np.arange(axes[-1].at.size)
    together = (follow.reshape(-1, LANES) == follow[::LANES, None]).all(axis=1)
    columns = gammas.shape[-1]
    lines = gammas.reshape(-1, columns)
    doses, surface = _lines(reference), _lines(evaluated)
    rows = (reference.values.shape[-2], evaluated.values.shape[-2])

    def band(first: int, last: int) -> int:
        common = (limits, steps, *places, together, offsets, squares, first, last)
        if gammas.ndim == 2:
            return gamma_rows(lines, doses, surface, *common)
        return gamma_lines(lines, doses, surface, rows, *common)

    return sum(in_bands(band, lines.shape[0], max(1, _BAND_POINTS // columns), threads))


def _lines(grid: RegularGrid) -> FloatArray:
    """The values line by line, in order and read-only: kernels are compiled for nothing else."""
    values = np.ascontiguousarray(grid.values).reshape(-1, grid.values.shape[-1])
    values.flags.writeable = False
    return values


def _limits(doses: FloatArray, criteria: GammaCriteria) -> FloatArray | None:
    """The criteria as the kernels take them; None where no point can be judged."""
    top = criteria.normalisation
    if top is None:
        top = float(np.fmax.reduce(doses, axis=None, initial=-np.inf))
    if not 0.0 < top < np.inf:
        return None
    share = 0.01 * criteria.dose_percent
    return np.array(
        [
            0.01 * criteria.cutoff_percent * top,
            share if criteria.local else share * top,
            float(criteria.local),
            criteria.maximum_gamma,
        ]
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """Where the reference's points stand on the evaluated grid, in units of the distance.

    ``at`` is the evaluated index just before each, ``within`` how far it is past that, ``room`` how
    far from the grid's nearer end; ``step`` is the evaluated spacing, ``last`` the last index.
    """

    step: float
    last: int
    at: Int64Array
    within: FloatArray
    room: FloatArray

    @classmethod
    def of(
        cls, reference: RegularGrid, evaluated: RegularGrid, axis: int, criteria: GammaCriteria
    ) -> "_Axis":
        spacing = evaluated.spacing_mm[axis]
        places = (reference.coordinates_mm(axis) - evaluated.origin_mm[axis]) / spacing
        nearest = np.round(places)
        places = np.where(np.abs(places - nearest) < 1e-9, nearest, places)
        last = evaluated.values.shape[axis] - 1
        places = np.clip(places, -_FAR, _FAR)
        before = np.floor(places)
        step = spacing / criteria.distance_mm
        room = step * np.minimum(places, last - places)
        return cls(step, last, before.astype(np.int64), step * (places - before), room)

    def filled(self) -> "_Axis":
        """With as many points more as make up whole lanes; their values do not matter."""
        fill = (0, -self.at.size % LANES)
        return _Axis(
            self.step,
            self.last,
            np.pad(self.at, fill, "edge"),
            np.pad(self.within, fill, "edge"),
            np.pad(self.room, fill, "edge"),
        )


def _cells(axes: list[_Axis], maximum_gamma: float) -> tuple[Int64Array, FloatArray]:
    """Cells that any point may reach, relative to its own, and their least squared distances."""
    along: list[Int64Array] = []
    squares: list[FloatArray] = []
    for axis in axes:
        reach = math.ceil(maximum_gamma / axis.step) + 1
        lowest = min(0, max(-reach, -int(axis.at.max())))
        highest = max(0, min(reach, axis.last - int(axis.at.min())))
        offsets = np.arange(lowest, highest + 1)
        start = offsets * axis.step
        off = np.maximum(start - axis.within.max(), axis.within.min() - start - axis.step)
        along.append(offsets)
        squares.append(np.square(np.maximum(off, 0.0)))
    count = math.prod(offsets.size for offsets in along)
    if count > MOST_CELLS:
        raise ValueError(
            f"gamma up to {maximum_gamma:g} reaches {count} cells of the evaluated grid from a "
            f"point; {MOST_CELLS} are searched at most: ask for a smaller gamma or distance"
        )
    total = np.sum(np.meshgrid(*squares, indexing="ij"), axis=0)
    near = total < maximum_gamma**2
    order = np.argsort(total[near], kind="stable")
    offsets = np.stack([grid[near][order] for grid in np.meshgrid(*along, indexing="ij")], axis=1)
    return offsets, total[near][order]
