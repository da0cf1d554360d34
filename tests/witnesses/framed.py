"""Fields framed by jaws as plans have them: the pairs beyond the jaws across are closed."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gateway.domain.axes import JAWS, Axis
from gateway.domain.machine import MachineModel
from gateway.domain.units import BoolArray, FloatArray
from tests.imaging.builders import SINGLE
from tests.witnesses.builders import Beam

ROUND = replace(SINGLE, mlcs={"MLCX": replace(SINGLE.mlcs["MLCX"], dosimetric_leaf_gap_mm=1.3)})
HALF_MM = 35.0
"""A boundary of leaf pairs."""


def _start(machine: MachineModel, rows: int, beyond_mm: float, collimator_deg: float) -> FloatArray:
    positions = np.zeros((rows, machine.layout.size))
    for axis, side in zip(JAWS, (-1, 1, -1, 1), strict=True):
        reach = HALF_MM - 3.0 if axis in (Axis.X1, Axis.X2) else HALF_MM + beyond_mm
        positions[:, machine.layout.scalars.index(axis)] = side * reach
    positions[:, machine.layout.scalars.index(Axis.COLLIMATOR)] = collimator_deg
    return positions


def _inside(machine: MachineModel) -> BoolArray:
    boundaries = machine.mlcs["MLCX"].boundaries_mm
    inside: BoolArray = (boundaries[:-1] >= -HALF_MM) & (boundaries[1:] <= HALF_MM)
    return inside


def open_field(beyond_mm: float = 0.0, collimator_deg: float = 0.0) -> Beam:
    """Pairs inside are open to behind the X jaws, the others closed at 0."""
    positions = _start(ROUND, 2, beyond_mm, collimator_deg)
    reach = np.where(_inside(ROUND), HALF_MM + 2.0, 0.0)
    positions[:, ROUND.layout.mlc_slices["MLCX"]] = np.concatenate((-reach, reach))
    return Beam(ROUND, positions)


def conformal_field(tips_beyond_mm: float) -> Beam:
    """The X jaws stand by the tips of the open pairs, which are so much farther out."""
    positions = _start(ROUND, 2, 0.0, 0.0)
    for axis, side in ((Axis.X1, -1), (Axis.X2, 1)):
        positions[:, ROUND.layout.scalars.index(axis)] = side * HALF_MM
    reach = np.where(_inside(ROUND), HALF_MM + tips_beyond_mm, 0.0)
    positions[:, ROUND.layout.mlc_slices["MLCX"]] = np.concatenate((-reach, reach))
    return Beam(ROUND, positions)


def picket_fence(beyond_mm: float = 0.0, collimator_deg: float = 0.0) -> Beam:
    """Three slits of 3 mm one after the other; the X jaws stand where leaves leak only."""
    inside = _inside(ROUND)
    centres = np.repeat((-15.0, 0.0, 15.0), 8)
    positions = _start(ROUND, centres.size, beyond_mm, collimator_deg)
    for row, centre in enumerate(centres):
        tips = [np.where(inside, centre + side, 0.0) for side in (-1.5, 1.5)]
        positions[row, ROUND.layout.mlc_slices["MLCX"]] = np.concatenate(tips)
    return Beam(ROUND, positions)


SHAPES: tuple[Callable[[float, float], Beam], ...] = (open_field, picket_fence)


def drawn(seed: int) -> Beam:
    """One of them, at any collimator angle; its jaws on the boundary, or up to 3 mm beyond it."""
    random = np.random.default_rng(seed)
    beyond_mm = float(random.choice([0.0, random.uniform(-0.5, 3.0)]))
    angle_deg = float(random.choice([0.0, 30.0, 90.0, random.uniform(-175.0, 175.0)]))
    return SHAPES[seed % len(SHAPES)](beyond_mm, angle_deg)
