"""From a plan file to machine programs, or to the findings that refuse it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.configuration.locate import config_roots
from gateway.configuration.phantoms import load_phantom
from gateway.configuration.rooms import load_room, room_names
from gateway.delivery.order import PlannedBeam
from gateway.dicom.plan_file import PlanFile, read_plan
from gateway.domain.errors import ConfigError, PlanRejected
from gateway.domain.findings import Finding, has_errors
from gateway.domain.machine import PanelModel
from gateway.domain.plan import TreatmentPlan
from gateway.domain.room import Link, Room
from gateway.planning.bounds import couch_move_bound_s, prepare_bound_s
from gateway.planning.check import check
from gateway.planning.compile import compile_beam
from gateway.planning.rooms import match_room, room_mismatch
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class Intake:
    """A plan that may be delivered in a room. ``findings`` holds no error.

    ``room_derived`` is true when the room was chosen by the plan's devices, not by name.
    """

    file: PlanFile
    plan: TreatmentPlan
    room: Room
    room_derived: bool
    findings: tuple[Finding, ...]


def read(path: Path, fraction_group: int | None) -> tuple[PlanFile, TreatmentPlan, list[Finding]]:
    """Read one fraction group.

    Raises InputError, PlanRejected, and ConfigError when several groups exist and none is named.
    """
    file = read_plan(path)
    findings = list(file.findings)
    if has_errors(findings):
        raise PlanRejected(findings)
    group = _fraction_group(file, fraction_group)
    plan, more = file.resolve(group)
    findings.extend(more)
    if plan is None or has_errors(findings):
        raise PlanRejected(findings)
    return file, plan, findings


def take_in(
    path: Path, settings: Settings, *, fraction_group: int | None, room_name: str | None
) -> Intake:
    """Read, find the room, and check. Raises as :func:`read` does."""
    file, plan, findings = read(path, fraction_group)
    room, about_room = choose_room(plan, settings, room_name)
    findings.extend(about_room)
    if not has_errors(about_room):
        findings.extend(check(plan, room))
    if has_errors(findings):
        raise PlanRejected(findings)
    return Intake(file, plan, room, room_name is None, tuple(findings))


def choose_room(
    plan: TreatmentPlan, settings: Settings, name: str | None
) -> tuple[Room, tuple[Finding, ...]]:
    """The named room, or the simulated room that matches; its links as the settings have them."""
    if name is not None:
        room = find_room(settings, name)
        return room, tuple(room_mismatch(plan, room))
    roots = config_roots(settings.site)
    rooms = [load_room(known, roots) for known in room_names(roots)]
    room, findings = match_room(plan, [room for room in rooms if room.simulated])
    return relinked(room, settings), tuple(findings)


def find_room(settings: Settings, name: str) -> Room:
    """The named room with its links as the settings have them. Raises ConfigError."""
    return relinked(load_room(name, config_roots(settings.site)), settings)


def with_phantom(room: Room, settings: Settings, name: str | None) -> Room:
    """``room`` with the named phantom in place of its own. Raises ConfigError."""
    if name is None:
        return room
    return replace(room, phantom=load_phantom(name, config_roots(settings.site)))


def relinked(room: Room, settings: Settings) -> Room:
    """``room`` with the links that the settings name in place of its own."""
    ours = settings.links

    def use(link: Link, url: str | None) -> Link:
        return link if url is None else replace(link, url=url)

    return replace(
        room,
        linac_link=use(room.linac_link, ours.linac),
        couch_link=use(room.couch_link, ours.couch),
        imager_link=use(room.imager_link, ours.imager),
    )


def compile_beams(
    intake: Intake, remaining: Sequence[tuple[int, float]]
) -> tuple[PlannedBeam, ...]:
    """Programs for ``(beam number, start meterset)`` pairs. Raises PlanRejected."""
    planned = []
    for number, start_mu in remaining:
        beam = intake.plan.beams[number]
        program = compile_beam(beam, intake.room, start_meterset_mu=start_mu)
        planned.append(
            PlannedBeam(
                beam,
                program,
                prepare_bound_s(program, intake.room),
                couch_move_bound_s(program, intake.room),
            )
        )
    return tuple(planned)


def choose_beams(plan: TreatmentPlan, wanted: Sequence[int]) -> tuple[int, ...]:
    """The beams to deliver, in the plan's order. Raises ConfigError for one that is not there."""
    unknown = sorted(set(wanted) - set(plan.beams))
    if unknown:
        there = ", ".join(str(number) for number in plan.beams)
        raise ConfigError(
            f"beam {', '.join(map(str, unknown))} is not a deliverable beam of fraction group "
            f"{plan.fraction_group.number}; its beams are {there}"
        )
    return tuple(number for number in plan.beams if not wanted or number in wanted)


def require_frame_rate(panel: PanelModel, cine_fps: float | None) -> None:
    """Raises ConfigError for cine faster than the panel reads its frames."""
    if cine_fps is not None and cine_fps > panel.maximum_frame_rate_hz:
        raise ConfigError(
            f"--cine {cine_fps:g}: the panel {panel.name} gives at most "
            f"{panel.maximum_frame_rate_hz:g} frames/s"
        )


def _fraction_group(file: PlanFile, wanted: int | None) -> int:
    numbers = file.fraction_group_numbers
    listed = ", ".join(str(number) for number in numbers)
    if wanted is None and len(numbers) == 1:
        return numbers[0]
    if wanted is None:
        raise ConfigError(f"{file.path}: name one with --fraction-group: {listed}")
    if wanted not in numbers:
        raise ConfigError(f"{file.path}: no fraction group {wanted}; it has {listed}")
    return wanted
