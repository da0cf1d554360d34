"""Two full arcs of clinical complexity."""

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel, MlcModel
from gateway.domain.units import FloatArray, frozen
from gateway.planning.generate.field import FieldBeam, Strips, framing_jaws, shaped_leaves, still
from gateway.planning.generate.modes import photon_mode
from gateway.planning.generate.segments import cumulative_weights
from gateway.planning.generate.target import SmoothField, Target

CONTROL_POINTS = 178
FIRST_DEG = 181.0
ARC_DEG = 358.0
TARGET = Target(half_width_mm=48.0, half_height_mm=52.5)
HALF_OPENING_MM = 3.0
MARGIN_MM = 5.0
PATH_CYCLES = 9.0
LENGTH_Y_MM = 30.0
SEGMENT_MU = (1.2, 4.2)
"""The least and the most between two control points: now the gantry limits, now the dose rate."""
LEAF_SPEED_SHARE = 0.9
"""Leaves ask at most for this part of their top speed while the gantry turns at its own."""


def vmat(machine: MachineModel, random: np.random.Generator) -> tuple[FieldBeam, ...]:
    """A clockwise and a counter-clockwise arc, 178 control points each.

    Leaves, meterset per degree and with them dose rate and gantry speed are modulated.
    """
    forward = np.round(FIRST_DEG + np.linspace(0.0, ARC_DEG, CONTROL_POINTS), 2) % 360.0
    return (
        _arc(machine, random, "Arc CW", 30.0, forward, "CW"),
        _arc(machine, random, "Arc CC", 330.0, forward[::-1], "CC"),
    )


def _arc(
    machine: MachineModel,
    random: np.random.Generator,
    name: str,
    collimator: float,
    gantry: FloatArray,
    direction: str,
) -> FieldBeam:
    sides = tuple(SmoothField.drawn(random, PATH_CYCLES, LENGTH_Y_MM) for _ in range(2))
    rate = SmoothField.drawn(random, PATH_CYCLES, LENGTH_Y_MM)
    path = np.linspace(0.0, 1.0, CONTROL_POINTS)
    segment_mu = _stretched(rate.at(path[1:], np.zeros(1))[:, 0], *SEGMENT_MU)
    width, height = TARGET.half_width_mm + MARGIN_MM, TARGET.half_height_mm
    return FieldBeam(
        name=name,
        description=f"VMAT, {direction}",
        mode=photon_mode(machine),
        meterset_mu=round(float(segment_mu.sum()), 1),
        weight=cumulative_weights(segment_mu),
        angles=still(CONTROL_POINTS, 0.0, collimator) | {Axis.GANTRY: frozen(gantry)},
        rotation={Axis.GANTRY: (direction,) * (CONTROL_POINTS - 1) + ("NONE",)},
        jaws_mm=framing_jaws(machine, -width, width, -height, height),
        leaves={device: _leaves(machine, mlc, sides) for device, mlc in machine.mlcs.items()},
    )


def _leaves(machine: MachineModel, mlc: MlcModel, sides: tuple[SmoothField, ...]) -> FloatArray:
    strips = Strips.of(mlc, -TARGET.half_height_mm, TARGET.half_height_mm)
    path = np.linspace(0.0, 1.0, CONTROL_POINTS)
    chord = np.maximum(TARGET.half_chord_mm(strips.centre_mm), 2.0 * HALF_OPENING_MM)
    step = LEAF_SPEED_SHARE * mlc.speed * _shortest_step_s(machine)
    edges = [
        _followed(
            np.clip(chord * (0.5 + 0.7 * side.at(path, strips.centre_mm)), HALF_OPENING_MM, chord),
            step,
        )
        for side in sides
    ]
    return shaped_leaves(machine, mlc, strips, -edges[0], edges[1])


def _shortest_step_s(machine: MachineModel) -> float:
    return ARC_DEG / (CONTROL_POINTS - 1) / machine.axes[Axis.GANTRY].speed


def _stretched(values: FloatArray, low: float, high: float) -> FloatArray:
    spread: FloatArray = (values - values.min()) / np.ptp(values)
    return low + (high - low) * spread


def _followed(wanted: FloatArray, step: float) -> FloatArray:
    """``wanted`` (n, pairs) as far as a leaf can follow it that moves ``step`` mm per row."""
    followed = wanted.copy()
    for row in range(1, wanted.shape[0]):
        before = followed[row - 1]
        followed[row] = np.clip(wanted[row], before - step, before + step)
    return followed
