"""Intensity modulation by a window that slides across the field with the beam on."""

import numpy as np

from gateway.domain.machine import MachineModel, MlcModel
from gateway.domain.units import FloatArray
from gateway.planning.generate.field import FieldBeam, Strips, framing_jaws, shaped_leaves, still
from gateway.planning.generate.modes import photon_mode
from gateway.planning.generate.segments import cumulative_weights
from gateway.planning.generate.target import SmoothField

GANTRY_DEG = (0.0, 72.0, 144.0, 216.0, 288.0)
CONTROL_POINTS = 60
HALF_WIDTH_MM = 45.0
HALF_HEIGHT_MM = 50.0
CLOSED_GAP_MM = 1.0
WIDEST_GAP_MM = 30.0
NARROWEST_GAP_MM = 8.0
START_MARGIN_MM = 3.0
MU_PER_BEAM = 150.0


def sliding_window(machine: MachineModel, random: np.random.Generator) -> tuple[FieldBeam, ...]:
    """Five beams; every leaf moves one way only, starting and ending behind the X jaws."""
    return tuple(_beam(machine, random, gantry) for gantry in GANTRY_DEG)


def _beam(machine: MachineModel, random: np.random.Generator, gantry: float) -> FieldBeam:
    window = SmoothField.drawn(random, 3.0, 30.0)
    speed = SmoothField.drawn(random, 4.0, 30.0)
    path = np.linspace(0.0, 1.0, CONTROL_POINTS)
    share = 1.0 + 0.4 * speed.at(path[1:], np.zeros(1))[:, 0]
    jaws = framing_jaws(machine, -HALF_WIDTH_MM, HALF_WIDTH_MM, -HALF_HEIGHT_MM, HALF_HEIGHT_MM)
    return FieldBeam(
        name=f"SW {int(gantry)}",
        description="Sliding window",
        mode=photon_mode(machine),
        meterset_mu=MU_PER_BEAM,
        weight=cumulative_weights(share),
        angles=still(CONTROL_POINTS, gantry),
        jaws_mm=jaws,
        leaves={name: _leaves(machine, mlc, window) for name, mlc in machine.mlcs.items()},
    )


def _leaves(machine: MachineModel, mlc: MlcModel, window: SmoothField) -> FloatArray:
    strips = Strips.of(mlc, -HALF_HEIGHT_MM, HALF_HEIGHT_MM)
    path = np.linspace(0.0, 1.0, CONTROL_POINTS)
    start = -HALF_WIDTH_MM - START_MARGIN_MM
    leading = np.linspace(start, -start, CONTROL_POINTS)[:, None] + 0.5 * CLOSED_GAP_MM
    modulation = 0.5 + 0.5 * window.at(path, strips.centre_mm)
    gap = NARROWEST_GAP_MM + (WIDEST_GAP_MM - NARROWEST_GAP_MM) * modulation
    gap = np.clip(gap * np.sin(np.pi * path)[:, None], CLOSED_GAP_MM, None)
    trailing = np.maximum.accumulate(leading - gap, axis=0)
    trailing = np.minimum(trailing, leading - CLOSED_GAP_MM)
    return shaped_leaves(machine, mlc, strips, trailing, np.broadcast_to(leading, gap.shape))
