"""Whether the energy, the dose rate and the meterset of a beam can be had."""

from collections.abc import Iterator

import numpy as np

from gateway.domain.findings import Finding, error, info, warning
from gateway.domain.machine import BeamMode, MachineModel
from gateway.domain.plan import Beam
from gateway.domain.room import Room
from gateway.domain.units import FloatArray
from gateway.planning.envelope import envelope
from gateway.planning.modes import dose_rate_mu_per_min, mode_of
from gateway.planning.paths import control_point_path, seen_at

LARGEST_BEAM_MU = 100e3
"""More than any beam has: hours at the highest dose rates. It is a slip of the pen, or worse."""
_ROUNDING_WEIGHT = 1e-6
_ROUNDING_MU = 1e-6
"""Metersets travel in millionths of an MU."""


def energy_findings(beam: Beam, machine: MachineModel) -> Iterator[Finding]:
    """An error where the machine does not offer the beam's energy."""
    if mode_of(beam, machine) is None:
        unit = "MeV" if beam.radiation_type == "ELECTRON" else "MV"
        offered = ", ".join(mode.name for mode in machine.beam_modes)
        yield error(
            "energy",
            f"{control_point_path(beam, 0)}.NominalBeamEnergy",
            f"{beam.radiation_type.lower()} beam of {beam.nominal_energy:g} {unit}, fluence "
            f"{beam.fluence_mode or 'STANDARD'}: {machine.name} offers {offered}",
        )


def dose_rate_findings(beam: Beam, mode: BeamMode, machine: MachineModel) -> Iterator[Finding]:
    """What becomes of the dose rate that the plan states."""
    lowest = machine.minimum_dose_rate_mu_per_min
    stated, path = beam.dose_rate_mu_per_min, f"{control_point_path(beam, 0)}.DoseRateSet"
    maximum = mode.maximum_dose_rate_mu_per_min
    if stated is None or stated <= 0:
        yield info("dose-rate-nominal", path, f"no dose rate is stated; {maximum:g} MU/min is used")
    elif stated > maximum:
        yield warning(
            "dose-rate-capped",
            path,
            f"the dose rate of {stated:g} MU/min is above what {mode.name} gives; "
            f"{maximum:g} MU/min is used",
        )
    elif stated < lowest:
        text = f"{stated:g} MU/min is below the lowest dose rate of {machine.name}, {lowest:g}"
        yield warning("dose-rate-minimum", path, text)


def meterset_findings(beam: Beam, machine: MachineModel) -> Iterator[Finding]:
    """A meterset that is none, descends, or is finer than a pulse."""
    weight, pulse = beam.meterset_weight, machine.mu_per_pulse
    path = f"{beam.path}.ControlPointSequence"
    if not np.isfinite(beam.meterset_mu) or beam.meterset_mu <= 0:
        yield error("meterset", beam.path, f"beam meterset is {beam.meterset_mu:g} MU")
        return
    if beam.meterset_mu > LARGEST_BEAM_MU:
        yield error(
            "meterset",
            beam.path,
            f"beam meterset is {beam.meterset_mu:g} MU; no beam has more than {LARGEST_BEAM_MU:g}",
        )
        return
    if beam.primary_dosimeter_unit != "MU":
        unit = beam.primary_dosimeter_unit or "nothing"
        yield error(
            "dosimeter-unit",
            f"{beam.path}.PrimaryDosimeterUnit",
            f"the meterset is in {unit}; only MU can be delivered",
        )
        return
    if not _ascends(weight):
        yield error("meterset-weights", path, "the meterset weights do not ascend from 0 to 1")
        return
    if beam.meterset_mu < pulse:
        yield error(
            "meterset-resolution",
            beam.path,
            f"{beam.meterset_mu:g} MU is less than one pulse of {machine.name} ({pulse:g} MU)",
        )
        return
    steps = np.diff(weight) * beam.meterset_mu
    fine = np.flatnonzero((steps > 0) & (steps < pulse - _ROUNDING_MU))
    if fine.size:
        yield warning(
            "meterset-resolution",
            f"{path}[{int(fine[0]) + 1}].CumulativeMetersetWeight",
            f"{fine.size} of {steps.size} segments have less than one pulse ({pulse:g} MU); their "
            "dose comes with the next",
        )


def _ascends(weight: FloatArray) -> bool:
    return (
        weight.size >= 2
        and float(weight[0]) == 0.0
        and abs(float(weight[-1]) - 1.0) < _ROUNDING_WEIGHT
        and bool((np.diff(weight) >= 0).all())
    )


def slow_dose_findings(beam: Beam, room: Room, positions: FloatArray) -> Iterator[Finding]:
    """Segments whose axes need longer than the lowest dose rate takes for their meterset."""
    machine = room.machine
    mode = mode_of(beam, machine)
    lowest = machine.minimum_dose_rate_mu_per_min
    if mode is None or lowest <= 0 or dose_rate_mu_per_min(beam, mode) < lowest:
        return
    speed = envelope(machine).speed
    mobile = speed > 0
    way = np.abs(np.diff(positions[:, mobile], axis=0))
    needed_s = (way / speed[mobile]).max(axis=1, initial=0.0)
    steps = np.diff(beam.meterset_weight) * beam.meterset_mu
    slow = np.flatnonzero((steps > 0) & (steps * 60.0 < lowest * needed_s))
    if slow.size:
        point = int(slow[0])
        report = warning if room.simulated else error
        yield report(
            "dose-rate-minimum",
            f"{control_point_path(beam, point + 1)}.CumulativeMetersetWeight",
            f"{steps[point]:.3f} MU while the axes need {needed_s[point]:.2f} s"
            f"{seen_at(point, slow.size)}: below the lowest dose rate of {machine.name}, "
            f"{lowest:g} MU/min",
        )
