"""Small fields from many directions, for a ball at the isocentre."""

from collections.abc import Iterator

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel
from gateway.domain.units import frozen, wrap_degrees
from gateway.planning.generate.field import FieldBeam, framing_jaws, rectangle, still
from gateway.planning.generate.modes import photon_mode

DIRECTIONS_DEG = (
    (0.0, 0.0, 0.0),
    (90.0, 0.0, 0.0),
    (180.0, 0.0, 0.0),
    (270.0, 0.0, 0.0),
    (0.0, 90.0, 0.0),
    (0.0, 270.0, 0.0),
    (0.0, 0.0, 45.0),
    (0.0, 0.0, 90.0),
    (0.0, 0.0, 270.0),
    (0.0, 0.0, 315.0),
)
"""Gantry, collimator and couch rotation of each image."""

HALF_SIDE_MM = 10.0
JAW_MARGIN_MM = 5.0
MU_PER_BEAM = 10.0


def winston_lutz(machine: MachineModel, _random: np.random.Generator) -> tuple[FieldBeam, ...]:
    """20 x 20 mm, 10 MU, from every direction the machine can take."""
    return tuple(
        _beam(machine, *direction)
        for direction in DIRECTIONS_DEG
        if all(_reachable(machine, *stand) for stand in _stands(direction))
    )


def _stands(direction: tuple[float, float, float]) -> Iterator[tuple[Axis, float]]:
    yield from zip((Axis.GANTRY, Axis.COLLIMATOR, Axis.COUCH_ROTATION), direction, strict=True)


def _reachable(machine: MachineModel, axis: Axis, angle: float) -> bool:
    if axis not in machine.axes:
        return angle == 0.0
    limits = machine.axes[axis]
    near = abs(float(wrap_degrees(frozen([angle]))[0]))
    return near <= min(-limits.minimum, limits.maximum)


def _beam(machine: MachineModel, gantry: float, collimator: float, couch: float) -> FieldBeam:
    side = HALF_SIDE_MM
    reach = side + JAW_MARGIN_MM
    return FieldBeam(
        name=f"WL G{int(gantry)} C{int(collimator)} T{int(couch)}",
        description="Winston-Lutz 20 x 20 mm",
        mode=photon_mode(machine),
        meterset_mu=MU_PER_BEAM,
        weight=frozen([0.0, 1.0]),
        angles=still(2, gantry, collimator, couch),
        jaws_mm=framing_jaws(machine, -reach, reach, -side, side),
        leaves=rectangle(machine, 2, -side, side, -side, side),
    )
