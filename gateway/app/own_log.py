"""The log that a machine left beside a delivery, as a witness of its beams."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gateway.app.machine_files import log_names
from gateway.app.machine_log import read_machine_logs
from gateway.domain.errors import InputError
from gateway.domain.evidence import BeamEvidence, WitnessedBeam
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import frozen
from gateway.reconcile.log_beams import LoggedBeam

_BEAM_OF_LOG = re.compile(r"trajectory_log_beam_(\d+)_")

_log = logging.getLogger(__name__)


def left_beside(
    folder: Path, files: Sequence[str]
) -> tuple[Mapping[int, LoggedBeam], Sequence[int]]:
    """The logs that the machine left in the record, by the beam number in their names.

    Second the beams whose log cannot be read, or holds no beam: told, and no witness.
    """
    found: dict[int, LoggedBeam] = {}
    unreadable = []
    for name in log_names(files):
        number = _BEAM_OF_LOG.match(name)
        if number is None:
            continue
        try:
            (log,) = read_machine_logs([folder / name])
            beam = log.beams[-1]
        except (InputError, IndexError) as problem:
            _log.error("%s: the machine's own log is no witness: %s", name, problem)
            unreadable.append(int(number[1]))
            continue
        found[int(number[1])] = LoggedBeam(name, log.name_of(beam), beam, 0.0)
    return found, unreadable


def witnessed_beam(
    item: BeamEvidence, logged: LoggedBeam | None, *, from_machine: bool
) -> WitnessedBeam:
    """What plan, telemetry and log say of a stored beam.

    ``from_machine``: the log is the one that the machine left beside this delivery.
    """
    return WitnessedBeam(
        beam=item.beam,
        planned=item.planned,
        telemetry=item.delivered,
        log=_in_plan(logged, item, from_machine=from_machine),
        log_source=source_of(logged),
        start_meterset_mu=item.program.start_meterset_mu,
        end_meterset_mu=item.program.end_meterset_mu,
        mu_per_pulse=item.mu_per_pulse,
        log_resolution_mu=resolution_of(logged),
    )


def as_dose(logged: LoggedBeam, start_mu: float, end_mu: float) -> Trajectory:
    """Where a log tells shares only, shares of what was planned."""
    log = logged.trajectory
    if logged.resolution_mu is not None:
        return log
    return replace(log, meterset_mu=frozen(start_mu + (end_mu - start_mu) * log.meterset_mu))


def source_of(logged: LoggedBeam | None) -> str:
    """The file that it is from; empty where there is none."""
    return "" if logged is None else logged.source


def resolution_of(logged: LoggedBeam | None) -> float | None:
    """How finely it counts dose (MU); None: it counts shares."""
    return 0.0 if logged is None else logged.resolution_mu


def _in_plan(
    logged: LoggedBeam | None, item: BeamEvidence, *, from_machine: bool
) -> Trajectory | None:
    """The machine logs the control points of its program: a continuation's are not the plan's."""
    if logged is None:
        return None
    program = item.program
    log = as_dose(logged, program.start_meterset_mu, program.end_meterset_mu)
    if not from_machine:
        return log
    rows = np.arange(program.plan_control_point.size)
    place = np.interp(log.control_point, rows, program.plan_control_point)
    return replace(log, control_point=frozen(place))
