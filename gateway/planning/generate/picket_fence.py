"""Narrow slits side by side: the picket fence that shows leaf position errors."""

import numpy as np

from gateway.domain.machine import MachineModel
from gateway.planning.generate.field import FieldBeam, Strips, framing_jaws, shaped_leaves, still
from gateway.planning.generate.modes import photon_mode
from gateway.planning.generate.segments import segment_weights

PICKETS_MM = np.arange(-75.0, 76.0, 15.0)
SLIT_MM = 3.0
HALF_HEIGHT_MM = 100.0
JAW_MARGIN_MM = 10.0
MU_PER_PICKET = 10.0


def picket_fence(machine: MachineModel, _random: np.random.Generator) -> tuple[FieldBeam, ...]:
    """Eleven slits of 3 mm, 15 mm apart, 10 MU each, with beam-off moves between them."""
    centre = np.repeat(PICKETS_MM, 2)
    reach = float(PICKETS_MM[-1]) + JAW_MARGIN_MM
    leaves = {}
    for name, mlc in machine.mlcs.items():
        strips = Strips.of(mlc, -HALF_HEIGHT_MM, HALF_HEIGHT_MM)
        middle = np.repeat(centre[:, None], mlc.pairs, axis=1)
        leaves[name] = shaped_leaves(
            machine, mlc, strips, middle - 0.5 * SLIT_MM, middle + 0.5 * SLIT_MM
        )
    return (
        FieldBeam(
            name="Picket fence",
            description="11 slits of 3 mm, 15 mm apart",
            mode=photon_mode(machine),
            meterset_mu=MU_PER_PICKET * PICKETS_MM.size,
            weight=segment_weights(np.ones(PICKETS_MM.size)),
            angles=still(centre.size, 0.0),
            jaws_mm=framing_jaws(machine, -reach, reach, -HALF_HEIGHT_MM, HALF_HEIGHT_MM),
            leaves=leaves,
        ),
    )
