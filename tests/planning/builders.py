"""Beams, plans and rooms to plan with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from gateway.configuration.locate import config_roots
from gateway.configuration.rooms import load_room, room_names
from gateway.domain.axes import JAW_DEVICES, Axis
from gateway.domain.plan import (
    Beam,
    BeamLimitingDevice,
    FractionGroup,
    Patient,
    TreatmentPlan,
)
from gateway.domain.room import Room
from gateway.domain.units import FloatArray, frozen

JAWS_100 = {Axis.X1: -50.0, Axis.X2: 50.0, Axis.Y1: -50.0, Axis.Y2: 50.0}
"""A 100 mm x 100 mm field."""


@cache
def room(name: str = "truebeam-m120") -> Room:
    return load_room(name, config_roots(None))


@cache
def rooms() -> tuple[Room, ...]:
    roots = config_roots(None)
    return tuple(load_room(name, roots) for name in room_names(roots))


def devices(of: Room) -> dict[str, BeamLimitingDevice]:
    """The devices of a room's machine, as a plan names them."""
    machine = of.machine
    jaws = {kind: BeamLimitingDevice(kind, 1) for kind in machine.jaw_types}
    return jaws | {
        mlc.type: BeamLimitingDevice(mlc.type, mlc.pairs, mlc.boundaries_mm)
        for mlc in machine.mlcs.values()
    }


def aperture(pairs: int, half_width_mm: float | FloatArray = 20.0) -> FloatArray:
    """Leaves ``(2 * pairs,)`` around the axis."""
    half = np.broadcast_to(half_width_mm, (pairs,))
    return np.concatenate((-half, half))


def beam(
    weights: Sequence[float] | FloatArray = (0.0, 1.0),
    *,
    of: Room | None = None,
    axes: Mapping[Axis, Sequence[float] | FloatArray | float] | None = None,
    rotation: Mapping[Axis, Sequence[str] | str] | None = None,
    leaves: Mapping[str, FloatArray] | None = None,
    **changed: Any,
) -> Beam:
    """A 6 MV beam of 100 MU with the room's devices and a 40 mm wide aperture, unless told else."""
    home = of or room()
    count = len(weights)
    machine = home.machine
    stated: dict[Axis, Any] = {Axis.GANTRY: 0.0, Axis.COLLIMATOR: 0.0, Axis.COUCH_ROTATION: 0.0}
    stated |= {axis: JAWS_100[axis] for axis in machine.jaw_axes}
    stated |= axes or {}
    if leaves is None:
        leaves = {mlc.type: aperture(mlc.pairs) for mlc in machine.mlcs.values()}
    directions = {
        axis: (way,) * count if isinstance(way, str) else tuple(way)
        for axis, way in (rotation or {}).items()
    }
    made = Beam(
        number=1,
        name="Beam 1",
        description="",
        sequence_index=0,
        beam_type="DYNAMIC" if count > 2 else "STATIC",
        radiation_type="PHOTON",
        delivery_type="TREATMENT",
        machine_name="BENCH",
        primary_dosimeter_unit="MU",
        sad_mm=1000.0,
        meterset_mu=100.0,
        nominal_energy=6.0,
        fluence_mode="STANDARD",
        dose_rate_mu_per_min=600.0,
        isocenter_mm=(0.0, 0.0, 0.0),
        patient_position="HFS",
        devices=devices(home),
        meterset_weight=frozen(weights),
        axes={axis: frozen(np.broadcast_to(value, (count,))) for axis, value in stated.items()},
        rotation=directions,
        leaves={
            device: frozen(np.broadcast_to(positions, (count, positions.shape[-1])))
            for device, positions in leaves.items()
        },
    )
    return replace(made, **changed)


def plan(*beams: Beam, **changed: Any) -> TreatmentPlan:
    """An approved plan of one fraction group with ``beams``."""
    metersets = {item.number: item.meterset_mu for item in beams}
    made = TreatmentPlan(
        sop_instance_uid="1.2.3",
        study_instance_uid="1.2.4",
        frame_of_reference_uid="1.2.5",
        label="PLAN",
        name="",
        date="",
        approval_status="APPROVED",
        sha256="0" * 64,
        patient=Patient({}),
        fraction_group=FractionGroup(1, 1, metersets, tuple(metersets)),
        beams={item.number: item for item in beams},
        tolerance_tables={},
        patient_setups={},
        prescriptions=(),
    )
    return replace(made, **changed)


def without_jaws(item: Beam, kind: str) -> Beam:
    """``item`` without the jaws ``kind``."""
    return replace(
        item,
        devices={name: device for name, device in item.devices.items() if name != kind},
        axes={axis: at for axis, at in item.axes.items() if axis not in JAW_DEVICES[kind]},
    )
