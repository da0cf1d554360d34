"""From a beam to the timed program a machine delivers it by."""

from collections.abc import Iterable

import numpy as np

from gateway.domain.axes import COUCH_TRANSLATIONS, Axis
from gateway.domain.errors import PlanRejected
from gateway.domain.findings import Finding, has_errors
from gateway.domain.machine import BeamMode, MachineModel
from gateway.domain.plan import Accessory, Beam
from gateway.domain.program import MachineProgram
from gateway.domain.room import Room
from gateway.domain.units import frozen
from gateway.planning.check_axes import axis_findings
from gateway.planning.check_dose import energy_findings, meterset_findings
from gateway.planning.devices import device_findings
from gateway.planning.envelope import envelope
from gateway.planning.modes import dose_rate_mu_per_min, mode_of
from gateway.planning.positions import beam_positions
from gateway.planning.profile import fastest_profile
from gateway.planning.remainder import rows_from
from gateway.planning.segments import segments
from gateway.planning.timeline import timeline
from gateway.planning.trajectory import planned_trajectory, sample_program

__all__ = ["compile_beam", "planned_trajectory", "sample_program", "timeline"]


def compile_beam(beam: Beam, room: Room, *, start_meterset_mu: float = 0.0) -> MachineProgram:
    """The program that delivers ``beam`` from ``start_meterset_mu`` (MU) to its end.

    As fast as speeds, accelerations and dose rate allow; exactly within them. Raises PlanRejected
    when the machine does not offer the energy, an axis would leave its range, or nothing remains.
    """
    machine = room.machine
    mode = _accepted_mode(beam, machine)
    positions = beam_positions(beam, machine)
    _refuse(axis_findings(beam, room, positions))
    rate = dose_rate_mu_per_min(beam, mode)
    rows = rows_from(beam, positions, start_meterset_mu)
    limits = segments(
        rows.positions,
        rows.meterset_mu,
        envelope(machine),
        rate / 60.0,
        machine.sample_period_s,
    )
    return MachineProgram(
        beam_number=beam.number,
        beam_name=beam.name,
        mode=mode,
        layout=machine.layout,
        positions=frozen(rows.positions),
        meterset_mu=frozen(rows.meterset_mu),
        plan_control_point=frozen(rows.plan_control_point),
        profile=fastest_profile(limits),
        maximum_dose_rate_mu_per_min=rate,
        verified=frozenset(axis for axis in beam.axes if axis in machine.axes),
        couch=_couch_target(beam, room),
        accessories=tuple(_accessory_name(item) for item in beam.accessories),
    )


def _accepted_mode(beam: Beam, machine: MachineModel) -> BeamMode:
    _refuse((*device_findings(beam, machine), *meterset_findings(beam, machine)))
    mode = mode_of(beam, machine)
    if mode is None:
        raise PlanRejected([*energy_findings(beam, machine)])
    return mode


def _refuse(findings: Iterable[Finding]) -> None:
    found = tuple(findings)
    if has_errors(found):
        raise PlanRejected(found)


def _couch_target(beam: Beam, room: Room) -> dict[Axis, float]:
    """Where the couch translations must stand, within their limits to the last digit."""
    target = {}
    for axis in COUCH_TRANSLATIONS:
        stated = beam.axes.get(axis)
        if stated is not None:
            limits = room.couch.axes[axis]
            target[axis] = float(np.clip(stated[0], limits.minimum, limits.maximum))
    return target


def _accessory_name(accessory: Accessory) -> str:
    words = (accessory.kind, accessory.id or accessory.type)
    return " ".join(word for word in words if word)
