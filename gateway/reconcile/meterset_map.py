"""Planned and delivered fluence: the meterset that passes each pixel of the isocentre plane.

Unit weight, no blur, no transmission: leaves and jaws are opaque. Between two rows of a trajectory
all edges move evenly in meterset, and the map is the exact mean over each pixel's area.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from gateway.domain.grids import RegularGrid
from gateway.domain.machine import MachineModel
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray
from gateway.kernels.meterset_map import sweep_aligned, sweep_turned
from gateway.kernels.strip_profiles import sweep_oblique
from gateway.reconcile.openings import Openings, openings

QUARTER_DEG = 90.0
STILL_DEG = 0.02
"""A collimator that stays this near its median stands still: 0.1 mm at 280 mm, less than what
encoders and mechanics are good for."""
_FAR_MM = 1e6
"""Where jaws stand that limit nothing."""
TURN_STEP_MM = 0.1
"""How far a turning collimator moves the grid's farthest point while its angle is held: no edge
stands farther than half of this from its place."""


@dataclass(frozen=True, slots=True)
class MapGrid:
    """The pixels of a map: ``rows`` along y, ``columns`` along x, both axes ascending.

    ``first_mm`` is the centre (y, x) of the first pixel.
    """

    rows: int
    columns: int
    first_mm: tuple[float, float]
    spacing_mm: float

    @classmethod
    def square(cls, spacing_mm: float = 1.0, half_mm: float = 200.0) -> "MapGrid":
        """Pixels that cover at least ``half_mm`` on each side of the axis, an edge on the axis.

        Raises ValueError for a spacing or a size that is not above 0 and finite.
        """
        if not (0.0 < spacing_mm < math.inf and 0.0 < half_mm < math.inf):
            raise ValueError("a grid's spacing and size are above 0 and finite")
        half = math.ceil(half_mm / spacing_mm - 1e-9)
        first = (0.5 - half) * spacing_mm
        return cls(2 * half, 2 * half, (first, first), spacing_mm)

    @property
    def reach_mm(self) -> float:
        """How far the farthest corner is from the axis."""
        y, x = self.first_mm
        across = max(abs(y), abs(y + (self.rows - 1) * self.spacing_mm))
        along = max(abs(x), abs(x + (self.columns - 1) * self.spacing_mm))
        return math.hypot(across, along) + self.spacing_mm


def meterset_map(
    machine: MachineModel, trajectory: Trajectory, grid: MapGrid | None = None
) -> RegularGrid:
    """MU in each pixel (y, x) of ``grid`` (default 1 mm, 400 mm square), IEC gantry system.

    Exact within 1e-9 MU while the collimator stands still; while it turns within a segment, its
    angle is held in steps of TURN_STEP_MM. Raises as :func:`openings` does.
    """
    shape = grid or MapGrid.square()
    return _grid(shape, _turned(shape, openings(machine, trajectory)))


def meterset_map_in_collimator(
    machine: MachineModel, trajectory: Trajectory, grid: MapGrid | None = None
) -> RegularGrid:
    """The same in the system of the beam limiting devices, which turns with the collimator."""
    shape = grid or MapGrid.square()
    moving = openings(machine, trajectory)
    return _grid(shape, _at_angle(shape, moving, 0.0))


def _grid(shape: MapGrid, values: FloatArray) -> RegularGrid:
    return RegularGrid(values, shape.first_mm, (shape.spacing_mm, shape.spacing_mm))


def _turned(grid: MapGrid, moving: Openings) -> FloatArray:
    """At the angle of each segment; at one angle if the collimator stands still."""
    given = np.diff(moving.meterset_mu) > 0.0
    shaping = np.append(given, False) | np.insert(given, 0, False)
    if not shaping.any():
        return np.zeros((grid.rows, grid.columns))
    angle_deg = moving.collimator_deg[shaping]
    middle = float(np.median(angle_deg))
    if np.abs(angle_deg - middle).max() <= STILL_DEG:
        return _at_angle(grid, moving, middle)
    return _while_turning(grid, moving)


def _at_angle(grid: MapGrid, moving: Openings, angle_deg: float) -> FloatArray:
    frame = _frame(grid, angle_deg, moving.travel)
    moving, still = _between_still_jaws(moving)
    if frame[0, 1] == frame[1, 0] == 0.0:
        return _swept_aligned((grid.rows, grid.columns), moving, frame)
    if frame[0, 0] == frame[1, 1] == 0.0:
        return _swept_aligned((grid.columns, grid.rows), moving, frame[::-1]).T
    if still:
        total = np.zeros((grid.rows, grid.columns))
        sweep_oblique(total, *_edges(moving), frame)
        total.flags.writeable = False
        return total
    frames = np.broadcast_to(frame, (moving.meterset_mu.size - 1, 2, 3))
    return _swept_turned(grid, moving, frames)


def _between_still_jaws(moving: Openings) -> tuple[Openings, bool]:
    """The strips cut where the jaws across the travel stand, and whether those stand still."""
    across = moving.limits_mm[:, 2:]
    if (across != across[0]).any():
        return moving, False
    limits = moving.limits_mm.copy()
    limits[:, 2:] = -_FAR_MM, _FAR_MM
    boundaries = np.minimum(np.maximum(moving.boundaries_mm, across[0, 0]), across[0, 1])
    return replace(moving, boundaries_mm=boundaries, limits_mm=limits), True


def _swept_aligned(shape: tuple[int, int], moving: Openings, frame: FloatArray) -> FloatArray:
    total = np.zeros(shape)
    sweep_aligned(total, *_edges(moving), np.ascontiguousarray(frame))
    total.flags.writeable = False
    return total


def _swept_turned(grid: MapGrid, moving: Openings, frames: FloatArray) -> FloatArray:
    total, buffer = np.zeros((grid.rows, grid.columns)), np.zeros((grid.rows, grid.columns + 1))
    sweep_turned(total, buffer, *_edges(moving), np.ascontiguousarray(frames))
    total.flags.writeable = False
    return total


def _while_turning(grid: MapGrid, moving: Openings) -> FloatArray:
    """Cut every segment into pieces within which the collimator is held at its mean angle."""
    step_deg = math.degrees(TURN_STEP_MM / grid.reach_mm)
    turns = np.abs(np.diff(moving.collimator_deg))
    given = np.diff(moving.meterset_mu) > 0.0
    pieces = np.where(given, np.maximum(np.ceil(turns / step_deg), 1.0), 1.0).astype(np.intp)
    knots = np.concatenate(([0], np.cumsum(pieces)))
    at = np.interp(np.arange(knots[-1] + 1), knots, np.arange(knots.size))
    row = np.minimum(at.astype(np.intp), pieces.size - 1)
    share = at - row

    def cut(values: FloatArray) -> FloatArray:
        steps = np.diff(values, axis=0)[row]
        fine: FloatArray = values[row] + share.reshape(-1, *(1,) * (values.ndim - 1)) * steps
        return fine

    fine = Openings(
        moving.travel,
        moving.boundaries_mm,
        cut(moving.low_mm),
        cut(moving.high_mm),
        cut(moving.limits_mm),
        cut(moving.collimator_deg),
        cut(moving.meterset_mu),
    )
    middle = 0.5 * (fine.collimator_deg[1:] + fine.collimator_deg[:-1])
    frames = np.array([_frame(grid, float(angle), fine.travel) for angle in middle])
    return _swept_turned(grid, fine, frames)


def _edges(
    moving: Openings,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    return (
        moving.boundaries_mm,
        moving.low_mm,
        moving.high_mm,
        moving.limits_mm,
        moving.meterset_mu,
    )


def _frame(grid: MapGrid, angle_deg: float, travel: str) -> FloatArray:
    """(2, 3): (along, across, 1) in mm to (u, v); exact at right angles."""
    quarter = round(angle_deg / QUARTER_DEG)
    if abs(angle_deg - quarter * QUARTER_DEG) <= STILL_DEG:
        cosine = (1.0, 0.0, -1.0, 0.0)[quarter % 4]
        sine = (0.0, 1.0, 0.0, -1.0)[quarter % 4]
    else:
        cosine, sine = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    y, x = grid.first_mm
    frame = np.array(
        [
            [cosine / grid.spacing_mm, -sine / grid.spacing_mm, 0.5 - x / grid.spacing_mm],
            [sine / grid.spacing_mm, cosine / grid.spacing_mm, 0.5 - y / grid.spacing_mm],
        ]
    )
    return np.ascontiguousarray(frame if travel == "X" else frame[:, [1, 0, 2]])
