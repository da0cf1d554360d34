"""How long anything may take at most: no wait in a room is without a bound."""

import math
from collections.abc import Iterable

from gateway.domain.machine import AxisLimits
from gateway.domain.program import MachineProgram
from gateway.domain.room import Bounds, Room

MARGIN = 1.25
"""Over the computed worst case, for mode-up, settling and a busy computer."""
MODE_UP_S = 5.0
"""The longest a machine may take to select an energy and settle."""


def travel_time_s(limits: AxisLimits) -> float:
    """From one end of the range to the other, from rest to rest; 0 for what cannot move."""
    distance = limits.maximum - limits.minimum
    if distance <= 0 or limits.speed <= 0:
        return 0.0
    ramps = limits.speed**2 / limits.acceleration
    if distance < ramps:
        return 2.0 * math.sqrt(distance / limits.acceleration)
    return distance / limits.speed + limits.speed / limits.acceleration


def prepare_bound_s(program: MachineProgram, room: Room) -> float:
    """How long the machine may take to come to the first control point from anywhere (s)."""
    machine = room.machine
    leaves = (
        AxisLimits(-mlc.overtravel_mm, mlc.retract_mm, mlc.speed, mlc.acceleration)
        for mlc in machine.mlcs.values()
    )
    axes = (machine.axes[axis] for axis in program.layout.scalars)
    travel_s = max(map(travel_time_s, (*axes, *leaves)), default=0.0)
    return MARGIN * travel_s + MODE_UP_S + room.bounds.reply_timeout_s


def couch_move_bound_s(program: MachineProgram, room: Room) -> float:
    """How long the couch may take to its target from anywhere (s).

    The drives move together along a line, or one after the other: the sum is enough for both.
    """
    moved: Iterable[AxisLimits] = (room.couch.axes[axis] for axis in program.couch)
    polls_s = 2.0 * room.couch.poll_period_s
    return MARGIN * sum(map(travel_time_s, moved)) + polls_s + room.bounds.reply_timeout_s


def beam_time_bound_s(program: MachineProgram, bounds: Bounds) -> float:
    """How long the beam may be on, holds not counted (s)."""
    return (
        program.profile.duration_s * (1.0 + bounds.beam_time_overrun_fraction)
        + bounds.beam_time_overrun_s
    )


def meterset_ceiling_mu(program: MachineProgram, bounds: Bounds) -> float:
    """The cumulative meterset at which the beam ends whatever the machine says (MU)."""
    beam_mu = program.end_meterset_mu - program.start_meterset_mu
    return program.end_meterset_mu + max(
        bounds.meterset_overrun_mu, bounds.meterset_overrun_fraction * beam_mu
    )


def dose_rate_ceiling_mu_per_min(program: MachineProgram, bounds: Bounds) -> float:
    """The dose rate at which the beam ends (MU/min)."""
    return program.maximum_dose_rate_mu_per_min * (1.0 + bounds.dose_rate_overrun_fraction)
