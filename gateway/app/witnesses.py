"""The witnesses of a delivery, gathered: its plan, its telemetry, its logs."""

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gateway.adapters.store import open_reader
from gateway.app.finish import judge
from gateway.app.foreign_image import ForeignImages
from gateway.app.fractions import entries, find_entry
from gateway.app.intake import choose_room, find_room
from gateway.app.machine_files import log_names
from gateway.app.machine_log import read_machine_logs
from gateway.configuration.locate import config_roots
from gateway.configuration.tolerances import load_tolerances
from gateway.delivery.ledger import DeliveryEntry
from gateway.dicom.plan_file import read_plan
from gateway.domain.errors import ConfigError, InputError, PlanRejected
from gateway.domain.evidence import BeamEvidence, WitnessedBeam
from gateway.domain.findings import has_errors
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.domain.reconciliation import Reconciliation, Tolerances
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import frozen
from gateway.planning.trajectory import stated_trajectory
from gateway.ports.store import RecordReader
from gateway.reconcile.log_beams import LoggedBeam, choose_group, match_beams
from gateway.settings import Settings

_BEAM_OF_LOG = re.compile(r"trajectory_log_beam_(\d+)_")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be reconciled: a stored delivery by its id, or a plan with its logs and images.

    ``logs`` stand in for those that the machine left beside a stored delivery.
    """

    delivery_id: str | None = None
    plan: Path | None = None
    logs: tuple[Path, ...] = ()
    fraction_group: int | None = None
    room: str | None = None
    tolerances: str | None = None
    images: ForeignImages | None = None


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Every beam with its witnesses. ``unwitnessed`` are the plan's beams that nobody saw.

    ``own`` is what the gateway itself made of the delivery; None for one that it never saw.
    """

    plan: TreatmentPlan
    beams: tuple[WitnessedBeam, ...]
    unwitnessed: tuple[int, ...]
    room: str
    tolerances: Tolerances
    entry: DeliveryEntry | None = None
    evidence: tuple[BeamEvidence, ...] = ()
    own: Reconciliation | None = None


def stored_witnesses(
    store: RecordReader, entry: DeliveryEntry, settings: Settings, logs: Sequence[Path]
) -> Witnesses:
    """Of a delivery in the store, with the logs that its machine left, or with ``logs``.

    Raises InputError, PlanRejected, ConfigError.
    """
    entry, plan, evidence, own = judge(store, entry.delivery_id, settings)
    begun = [plan.beams[item.beam.number] for item in evidence]
    if logs:
        matched = match_beams(begun, _logged(logs))
    else:
        matched = _left_beside(store.directory(entry.delivery_id), entry.files)
    beams = tuple(
        WitnessedBeam(
            beam=item.beam,
            planned=item.planned,
            telemetry=item.delivered,
            log=_in_plan(matched.get(item.beam.number), item, from_machine=not logs),
            log_source=_source(matched.get(item.beam.number)),
            start_meterset_mu=item.program.start_meterset_mu,
            end_meterset_mu=item.program.end_meterset_mu,
            mu_per_pulse=item.mu_per_pulse,
            log_resolution_mu=_resolution(matched.get(item.beam.number)),
        )
        for item in evidence
    )
    seen = {item.beam.number for item in evidence}
    left = tuple(number for number in entry.beams if number not in seen)
    return Witnesses(plan, beams, left, entry.room, own.tolerances, entry, evidence, own)


def foreign_witnesses(
    plan_path: Path,
    logs: Sequence[Path],
    settings: Settings,
    *,
    fraction_group: int | None,
    room_name: str | None,
    tolerances_name: str | None = None,
) -> Witnesses:
    """Of a delivery that this gateway never saw: its plan and its logs.

    The room gives tolerances and the size of a pulse: the named one, or the simulated one whose
    machine has the plan's devices. Raises InputError, PlanRejected, ConfigError.
    """
    plans = _plans(plan_path, fraction_group)
    number, matched = choose_group(plans, _logged(logs)) if logs else (_only(plan_path, plans), {})
    plan = plans[number]
    room = find_room(settings, room_name) if room_name else choose_room(plan, settings, None)[0]
    tolerances = load_tolerances(tolerances_name or room.tolerances, config_roots(settings.site))
    beams = tuple(
        WitnessedBeam(
            beam=beam,
            planned=stated_trajectory(beam),
            telemetry=None,
            log=_whole(matched.get(beam.number), beam),
            log_source=_source(matched.get(beam.number)),
            start_meterset_mu=0.0,
            end_meterset_mu=beam.meterset_mu,
            mu_per_pulse=room.machine.mu_per_pulse,
            log_resolution_mu=_resolution(matched.get(beam.number)),
        )
        for beam in plan.beams.values()
        if beam.number in matched or not logs
    )
    left = tuple(number for number in plan.beams if logs and number not in matched)
    return Witnesses(plan, beams, left, room.name, tolerances)


def _plans(path: Path, wanted: int | None) -> Mapping[int, TreatmentPlan]:
    file = read_plan(path)
    if has_errors(file.findings):
        raise PlanRejected(file.findings)
    numbers = file.fraction_group_numbers
    if wanted is not None and wanted not in numbers:
        listed = ", ".join(map(str, numbers))
        raise ConfigError(f"{path}: no fraction group {wanted}; it has {listed}")
    found = {}
    for number in numbers if wanted is None else (wanted,):
        plan, findings = file.resolve(number)
        if plan is not None:
            found[number] = plan
        elif len(numbers) == 1 or wanted is not None:
            raise PlanRejected(findings)
    if not found:
        raise InputError(f"{path}: none of its fraction groups can be read; see: check")
    return found


def _only(path: Path, plans: Mapping[int, TreatmentPlan]) -> int:
    """Without a log nothing tells which fraction group it was."""
    if len(plans) > 1:
        listed = ", ".join(map(str, plans))
        raise ConfigError(f"{path}: has fraction groups {listed}; --fraction-group is wanted")
    return next(iter(plans))


def _whole(logged: LoggedBeam | None, beam: Beam) -> Trajectory | None:
    return None if logged is None else _as_dose(logged, 0.0, beam.meterset_mu)


def _logged(paths: Sequence[Path]) -> list[LoggedBeam]:
    """Every beam of the logs that was given dose."""
    found = []
    for log in read_machine_logs(paths):
        name = log.files[0].name
        for beam in log.beams:
            if float(beam.meterset_mu.max()) > 0:
                source = name if len(log.beams) == 1 else f"{name} beam {beam.beam_number}"
                resolution_mu = None if log.in_shares else log.resolution_mu
                found.append(LoggedBeam(source, log.name_of(beam), beam, resolution_mu))
    if not found:
        raise InputError(f"{', '.join(map(str, paths))}: no beam with dose in it")
    return found


def _left_beside(folder: Path, files: Sequence[str]) -> Mapping[int, LoggedBeam]:
    """The logs that the machine left in the record, by the beam number in their names."""
    found = {}
    for name in log_names(files):
        number = _BEAM_OF_LOG.match(name)
        if number is not None:
            (log,) = read_machine_logs([folder / name])
            for beam in log.beams:
                found[int(number[1])] = LoggedBeam(name, log.name_of(beam), beam, 0.0)
    return found


def _in_plan(
    logged: LoggedBeam | None, item: BeamEvidence, *, from_machine: bool
) -> Trajectory | None:
    """The machine logs the control points of its program: a continuation's are not the plan's."""
    if logged is None:
        return None
    program = item.program
    log = _as_dose(logged, program.start_meterset_mu, program.end_meterset_mu)
    if not from_machine:
        return log
    rows = np.arange(program.plan_control_point.size)
    place = np.interp(log.control_point, rows, program.plan_control_point)
    return replace(log, control_point=frozen(place))


def _as_dose(logged: LoggedBeam, start_mu: float, end_mu: float) -> Trajectory:
    """Where a log tells shares only, shares of what was planned."""
    log = logged.trajectory
    if logged.resolution_mu is not None:
        return log
    return replace(log, meterset_mu=frozen(start_mu + (end_mu - start_mu) * log.meterset_mu))


def _source(logged: LoggedBeam | None) -> str:
    return "" if logged is None else logged.source


def _resolution(logged: LoggedBeam | None) -> float | None:
    return 0.0 if logged is None else logged.resolution_mu


def witnesses(asked: Asked, settings: Settings) -> Witnesses:
    """Everything that is known of the delivery asked for. Raises GatewayError as each part does."""
    if asked.delivery_id is not None:
        with closing(open_reader(settings.store)) as store:
            entry = find_entry(entries(store), asked.delivery_id, settings)
            return stored_witnesses(store, entry, settings, asked.logs)
    if asked.plan is None or not (asked.logs or asked.images):
        raise ConfigError("reconcile wants a delivery's ID, or --plan PLAN with --log or --image")
    return foreign_witnesses(
        asked.plan,
        asked.logs,
        settings,
        fraction_group=asked.fraction_group,
        room_name=asked.room,
        tolerances_name=asked.tolerances,
    )
