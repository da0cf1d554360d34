"""Static segments one after the other, the beam off while leaves move."""

import numpy as np

from gateway.domain.machine import MachineModel, MlcModel
from gateway.domain.units import FloatArray
from gateway.planning.generate.field import FieldBeam, Strips, framing_jaws, shaped_leaves, still
from gateway.planning.generate.modes import photon_mode
from gateway.planning.generate.segments import segment_weights
from gateway.planning.generate.target import SmoothField, Target

GANTRY_DEG = (0.0, 120.0, 240.0)
SEGMENTS = 6
TARGET = Target(half_width_mm=45.0, half_height_mm=40.0)
HALF_OPENING_MM = 4.0
JAW_MARGIN_MM = 5.0
MU_PER_BEAM = 90.0


def step_and_shoot(machine: MachineModel, random: np.random.Generator) -> tuple[FieldBeam, ...]:
    """Three beams of six segments each, every segment a part of the same target."""
    return tuple(_beam(machine, random, f"SS {int(gantry)}", gantry) for gantry in GANTRY_DEG)


def _beam(
    machine: MachineModel, random: np.random.Generator, name: str, gantry: float
) -> FieldBeam:
    sides = (SmoothField.drawn(random, SEGMENTS, 40.0), SmoothField.drawn(random, SEGMENTS, 40.0))
    width = TARGET.half_width_mm + JAW_MARGIN_MM
    height = TARGET.half_height_mm
    return FieldBeam(
        name=name,
        description=f"Step and shoot, {SEGMENTS} segments",
        mode=photon_mode(machine),
        meterset_mu=MU_PER_BEAM,
        weight=segment_weights(random.uniform(0.5, 1.5, SEGMENTS)),
        angles=still(2 * SEGMENTS, gantry),
        jaws_mm=framing_jaws(machine, -width, width, -height, height),
        leaves={name: _leaves(machine, mlc, sides) for name, mlc in machine.mlcs.items()},
    )


def _leaves(
    machine: MachineModel, mlc: MlcModel, sides: tuple[SmoothField, SmoothField]
) -> FloatArray:
    strips = Strips.of(mlc, -TARGET.half_height_mm, TARGET.half_height_mm)
    chord = np.maximum(TARGET.half_chord_mm(strips.centre_mm), HALF_OPENING_MM)
    path = np.linspace(0.0, 1.0, SEGMENTS)
    x1 = np.minimum(-chord * (0.5 + 0.5 * sides[0].at(path, strips.centre_mm)), -HALF_OPENING_MM)
    x2 = np.maximum(chord * (0.5 + 0.5 * sides[1].at(path, strips.centre_mm)), HALF_OPENING_MM)
    return shaped_leaves(machine, mlc, strips, np.repeat(x1, 2, axis=0), np.repeat(x2, 2, axis=0))
