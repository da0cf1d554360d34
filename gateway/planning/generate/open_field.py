"""One static square field."""

import numpy as np

from gateway.domain.machine import MachineModel
from gateway.domain.units import frozen
from gateway.planning.generate.field import FieldBeam, framing_jaws, rectangle, still
from gateway.planning.generate.modes import photon_mode

HALF_SIDE_MM = 50.0
LEAF_MARGIN_MM = 5.0


def open_field(machine: MachineModel, _random: np.random.Generator) -> tuple[FieldBeam, ...]:
    """100 x 100 mm, 100 MU, gantry 0: bounded by the jaws, or by leaves where jaws cannot."""
    side = HALF_SIDE_MM
    jaws = framing_jaws(machine, -side, side, -side, side)
    movable_x = not machine.fixed_jaws and len(jaws) == 4
    edge = side + LEAF_MARGIN_MM if movable_x else side
    return (
        FieldBeam(
            name="Open 10x10",
            description="Static open field 100 x 100 mm",
            mode=photon_mode(machine),
            meterset_mu=100.0,
            weight=frozen([0.0, 1.0]),
            angles=still(2, 0.0),
            jaws_mm=jaws,
            leaves=rectangle(machine, 2, -edge, edge, -side, side),
        ),
    )
