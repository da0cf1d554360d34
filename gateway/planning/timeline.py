"""What a program will do, control point by control point, for a person to read."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel
from gateway.domain.program import MachineProgram
from gateway.domain.units import FloatArray
from gateway.planning.envelope import envelope
from gateway.planning.trajectory import times_at

_AT_THE_LIMIT = 0.98

HEADER = "control point   time s         MU   gantry  MU/min   deg/s  limited by"


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A control point and the way to the next (rates are means over it; 0 at the last).

    ``limited_by`` is ``dose rate``, the name of a position, or either with ``acceleration``.
    """

    control_point: float
    time_s: float
    meterset_mu: float
    gantry_deg: float
    dose_rate_mu_per_min: float
    gantry_speed: float
    limited_by: str

    def __str__(self) -> str:
        return (
            f"{self.control_point:13.2f} {self.time_s:8.2f} {self.meterset_mu:10.3f} "
            f"{self.gantry_deg:8.2f} {self.dose_rate_mu_per_min:7.1f} {self.gantry_speed:7.2f}  "
            f"{self.limited_by}"
        )


def timeline(program: MachineProgram, machine: MachineModel) -> tuple[str, ...]:
    """The timeline as lines of text, the header first."""
    return (HEADER, *(str(row) for row in timeline_rows(program, machine)))


def timeline_rows(program: MachineProgram, machine: MachineModel) -> tuple[TimelineRow, ...]:
    """One row for each control point of ``program``."""
    time_s = times_at(program, np.arange(program.meterset_mu.size, dtype=np.float64))
    gantry = program.positions[:, program.layout.scalars.index(Axis.GANTRY)]
    elapsed = np.diff(time_s)
    rate = np.append(np.diff(program.meterset_mu) / elapsed * 60.0, 0.0)
    speed = np.append(np.diff(gantry) / elapsed, 0.0)
    limited = [*_limits(program, machine, elapsed), ""]
    columns = (program.plan_control_point, time_s, program.meterset_mu, gantry, rate, speed)
    numbers: list[list[float]] = np.column_stack(columns).tolist()
    return tuple(
        TimelineRow(point, seconds, meterset, angle, dose, turn, name)
        for (point, seconds, meterset, angle, dose, turn), name in zip(
            numbers, limited, strict=True
        )
    )


def _limits(program: MachineProgram, machine: MachineModel, elapsed: FloatArray) -> list[str]:
    """What takes longest in each segment."""
    limits = envelope(machine)
    way = np.abs(np.diff(program.positions, axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.where(way > 0, way / limits.speed, 0.0)
    dose = np.diff(program.meterset_mu) / (program.maximum_dose_rate_mu_per_min / 60.0)
    needed = np.column_stack((needed, dose))
    names = (*program.layout.names, "dose rate")
    slowest = needed.argmax(axis=1)
    full = needed.max(axis=1) >= _AT_THE_LIMIT * elapsed
    return [
        names[column] if at_the_limit else f"{names[column]}, acceleration"
        for column, at_the_limit in zip(map(int, slowest), full, strict=True)
    ]
