"""The witnesses of a delivery, gathered: its plan, its telemetry, its logs."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.store import open_reader
from gateway.app.foreign_image import ForeignImages
from gateway.app.fractions import entries, find_entry
from gateway.app.intake import choose_room, find_room
from gateway.app.judge import judge
from gateway.app.machine_log import read_machine_logs
from gateway.app.own_log import as_dose, resolution_of, source_of
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
from gateway.planning.trajectory import stated_trajectory
from gateway.ports.store import RecordReader
from gateway.reconcile.log_beams import LoggedBeam, choose_group
from gateway.settings import Settings


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
    judged = judge(store, entry.delivery_id, settings, _logged(logs) if logs else None)
    entry, evidence, own = judged.entry, judged.evidence, judged.reconciliation
    seen = {item.beam.number for item in evidence}
    left = tuple(number for number in entry.beams if number not in seen)
    beams = judged.witnessed
    return Witnesses(judged.plan, beams, left, entry.room, own.tolerances, entry, evidence, own)


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
            log_source=source_of(matched.get(beam.number)),
            start_meterset_mu=0.0,
            end_meterset_mu=beam.meterset_mu,
            mu_per_pulse=room.machine.mu_per_pulse,
            log_resolution_mu=resolution_of(matched.get(beam.number)),
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
    return None if logged is None else as_dose(logged, 0.0, beam.meterset_mu)


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
