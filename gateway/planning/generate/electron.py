"""A static electron field with applicator and cut-out."""

import numpy as np

from gateway.domain.machine import MachineModel
from gateway.domain.plan import Accessory
from gateway.domain.units import frozen
from gateway.planning.generate.field import FieldBeam, framing_jaws, rectangle, still
from gateway.planning.generate.modes import electron_mode

APPLICATOR_SIDE_MM = 100.0
JAW_MARGIN_MM = 25.0
LEAF_MARGIN_MM = 5.0
CUT_OUT_RADIUS_MM = 40.0
CUT_OUT_POINTS = 36
TRAY_DISTANCE_MM = 950.0
METERSET_MU = 200.0


def electron(machine: MachineModel, _random: np.random.Generator) -> tuple[FieldBeam, ...]:
    """One field with a 100 x 100 mm applicator and a circular cut-out of 80 mm.

    Jaws stand where the applicator wants them, leaves behind the jaws. Raises ConfigError for a
    machine without electrons.
    """
    mode = electron_mode(machine)
    jaw = 0.5 * APPLICATOR_SIDE_MM + JAW_MARGIN_MM
    leaf = jaw + LEAF_MARGIN_MM
    return (
        FieldBeam(
            name=f"Electron {mode.name}",
            description="Static electron field, applicator 100 x 100 mm, round cut-out",
            mode=mode,
            meterset_mu=METERSET_MU,
            weight=frozen([0.0, 1.0]),
            angles=still(2, 0.0),
            jaws_mm=framing_jaws(machine, -jaw, jaw, -jaw, jaw),
            leaves=rectangle(machine, 2, -leaf, leaf, -jaw, jaw),
            accessories=(_cut_out(), _applicator()),
        ),
    )


def _applicator() -> Accessory:
    return Accessory(
        kind="applicator",
        number=None,
        id="A10X10",
        type="ELECTRON_SQUARE",
        description="Applicator 100 x 100 mm",
    )


def _cut_out() -> Accessory:
    turn = np.linspace(0.0, 2.0 * np.pi, CUT_OUT_POINTS, endpoint=False)
    x = np.round(CUT_OUT_RADIUS_MM * np.cos(turn), 2) + 0.0
    y = np.round(CUT_OUT_RADIUS_MM * np.sin(turn), 2) + 0.0
    return Accessory(
        kind="block",
        number=1,
        id="CUTOUT_80",
        type="APERTURE",
        description="Round cut-out 80 mm",
        tray_distance_mm=TRAY_DISTANCE_MM,
        outline_mm=tuple(zip(x.tolist(), y.tolist(), strict=True)),
    )
