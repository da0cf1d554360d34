"""Small deliverable programs for any machine, made from where it stands."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import BeamMode, MachineModel
from gateway.domain.program import MachineProgram, PathProfile
from gateway.domain.units import FloatArray, frozen

GANTRY_DEG_PER_S = 0.5
LEAF_MM_PER_S = 2.0
RATE_SHARE = 0.5
ROWS = 3
OUTSIDE = 25.0
"""By how much a program leaves a limit, mm or degree: more than any tolerance or rounding."""


def photon_mode(machine: MachineModel) -> BeamMode:
    """The machine's first photon mode."""
    return next(mode for mode in machine.beam_modes if mode.radiation_type == "PHOTON")


def small_program(
    machine: MachineModel, standing: FloatArray, beam_number: int, duration_s: float
) -> MachineProgram:
    """``duration_s`` of beam at half the dose rate while gantry and leaves move a little.

    ``standing`` is where the machine stands (mm or degree, its layout): the first row, brought
    into the ranges. The gantry turns towards 0, the leaves open: always away from a limit or a
    collision. The path has three pieces: a fifth of the time accelerating, a fifth braking.
    """
    lower, upper = limits(machine)
    first = np.clip(standing, lower, upper)
    last = np.clip(first + _travel(machine, first, duration_s), lower, upper)
    share = np.linspace(0.0, 1.0, ROWS)[:, np.newaxis]
    mode = photon_mode(machine)
    rate = mode.maximum_dose_rate_mu_per_min * RATE_SHARE
    profile = _profile(duration_s)
    dose_mu = rate / 60.0 / (float(profile.speed.max()) / (ROWS - 1))
    return MachineProgram(
        beam_number=beam_number,
        beam_name=f"conformance {beam_number}",
        mode=mode,
        layout=machine.layout,
        positions=frozen(first + share * (last - first)),
        meterset_mu=frozen(np.round(share[:, 0] * dose_mu, 6)),
        plan_control_point=frozen(np.arange(ROWS)),
        profile=profile,
        maximum_dose_rate_mu_per_min=rate,
        verified=frozenset(machine.layout.scalars),
        couch={},
        accessories=("conformance",),
    )


def undeliverable(machine: MachineModel, program: MachineProgram) -> Mapping[str, MachineProgram]:
    """Variants of ``program`` that a machine must refuse, by what is wrong with them."""
    lower, upper = limits(machine)
    outside = {
        f"{name} outside its range": _moved(program, column, limit)
        for column, name in _probes(machine).items()
        for limit in (lower[column] - OUTSIDE, upper[column] + OUTSIDE)
    }
    rate = 2 * program.mode.maximum_dose_rate_mu_per_min
    descending = np.array(program.meterset_mu)
    descending[1:-1] = descending[-1] + 1.0
    return {
        **outside,
        "a gantry faster than it is": _rushed(machine, program),
        "twice the dose rate": replace(
            program,
            meterset_mu=frozen(program.meterset_mu * (2 / RATE_SHARE)),
            maximum_dose_rate_mu_per_min=rate,
        ),
        "more dose than its own rate gives": replace(
            program, meterset_mu=frozen(program.meterset_mu * 2)
        ),
        "a descending meterset": replace(program, meterset_mu=frozen(descending)),
        "an unknown mode": replace(program, mode=replace(program.mode, name="no such mode")),
    }


def limits(machine: MachineModel) -> tuple[FloatArray, FloatArray]:
    """The least and the greatest position of every place of the layout."""
    layout = machine.layout
    lower, upper = np.empty(layout.size), np.empty(layout.size)
    for column, axis in enumerate(layout.scalars):
        lower[column], upper[column] = machine.axes[axis].minimum, machine.axes[axis].maximum
    for device, place in layout.mlc_slices.items():
        mlc = machine.mlcs[device]
        negative = slice(place.start, place.start + mlc.pairs)
        positive = slice(negative.stop, place.stop)
        lower[negative], upper[negative] = -mlc.retract_mm, mlc.overtravel_mm
        lower[positive], upper[positive] = -mlc.overtravel_mm, mlc.retract_mm
    return lower, upper


def _travel(machine: MachineModel, first: FloatArray, duration_s: float) -> FloatArray:
    travel = np.zeros(machine.layout.size)
    if Axis.GANTRY in machine.layout.scalars:
        gantry = machine.layout.scalars.index(Axis.GANTRY)
        travel[gantry] = -np.copysign(GANTRY_DEG_PER_S, first[gantry])
    for device, place in machine.layout.mlc_slices.items():
        pairs = machine.mlcs[device].pairs
        travel[place] = np.repeat((-LEAF_MM_PER_S, LEAF_MM_PER_S), pairs)
    return travel * duration_s


def _profile(duration_s: float) -> PathProfile:
    ramp_s = duration_s / 5
    speed = (ROWS - 1) / (duration_s - ramp_s)
    acceleration = speed / ramp_s
    on_ramp = speed * ramp_s / 2
    return PathProfile(
        time_s=frozen([0.0, ramp_s, duration_s - ramp_s]),
        s=frozen([0.0, on_ramp, ROWS - 1 - on_ramp]),
        speed=frozen([0.0, speed, speed]),
        acceleration=frozen([acceleration, 0.0, -acceleration]),
        duration_s=duration_s,
    )


def _probes(machine: MachineModel) -> dict[int, str]:
    """One place of every kind: each scalar axis, and the first leaf of each bank."""
    probes = {column: axis.value for column, axis in enumerate(machine.layout.scalars)}
    for device, place in machine.layout.mlc_slices.items():
        for column in (place.start, place.start + machine.mlcs[device].pairs):
            probes[column] = machine.layout.names[column]
    return probes


def _moved(program: MachineProgram, column: int, position: float) -> MachineProgram:
    positions = np.array(program.positions)
    positions[:, column] = position
    return replace(program, positions=frozen(positions))


def _rushed(machine: MachineModel, program: MachineProgram) -> MachineProgram:
    limit = machine.axes[Axis.GANTRY]
    column = machine.layout.scalars.index(Axis.GANTRY)
    positions = np.array(program.positions)
    distance = min(3 * limit.speed * program.profile.duration_s, limit.maximum - limit.minimum)
    positions[:, column] = np.linspace(limit.minimum, limit.minimum + distance, ROWS)
    return replace(program, positions=frozen(positions))
