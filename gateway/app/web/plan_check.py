"""A plan's beams and findings, as they are shown before anything is delivered."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.app.check import check_plan
from gateway.app.intake import find_room
from gateway.app.summary import finding_row
from gateway.dicom.plan_file import PlanFile, read_plan
from gateway.domain.errors import PlanRejected
from gateway.domain.findings import has_errors
from gateway.domain.plan import Beam
from gateway.domain.room import Room
from gateway.planning.compile import compile_beam
from gateway.settings import Settings


def checked_plan(path: Path, settings: Settings, room_name: str) -> Mapping[str, Any]:
    """What the file is and what is found in it for a room. Raises InputError, ConfigError."""
    file = read_plan(path)
    findings = check_plan(path, settings, room_name, None)
    bad = has_errors(findings)
    room = find_room(settings, room_name)
    return {
        "label": file.label,
        "plan_uid": file.sop_instance_uid,
        "fraction_groups": list(file.fraction_group_numbers),
        "beams": [] if has_errors(file.findings) else list(_beams(file, room, compiled=not bad)),
        "findings": [finding_row(finding) for finding in findings],
        "deliverable": not bad,
    }


def _beams(file: PlanFile, room: Room, *, compiled: bool) -> Iterator[Mapping[str, Any]]:
    for group in file.fraction_group_numbers:
        plan, _ = file.resolve(group)
        for beam in () if plan is None else plan.beams.values():
            yield {
                "fraction_group": group,
                "number": beam.number,
                "name": beam.name,
                "meterset_mu": beam.meterset_mu,
                "radiation": beam.radiation_type,
                "control_points": beam.control_point_count,
                "duration_s": _duration_s(beam, room) if compiled else None,
            }


def _duration_s(beam: Beam, room: Room) -> float | None:
    try:
        program = compile_beam(beam, room, start_meterset_mu=0.0)
    except PlanRejected:
        return None
    return round(program.profile.duration_s, 1)
