"""The ``check`` command: the findings of reading and checking a plan."""

from collections.abc import Sequence
from pathlib import Path

from gateway.app.intake import choose_room
from gateway.dicom.plan_file import PlanFile, read_plan
from gateway.domain.errors import ConfigError
from gateway.domain.findings import Finding, has_errors
from gateway.planning.check import check
from gateway.settings import Settings


def check_plan(
    path: Path, settings: Settings, room_name: str | None, fraction_group: int | None
) -> Sequence[Finding]:
    """Findings of one fraction group, or of every one. Raises InputError, ConfigError."""
    file = read_plan(path)
    if has_errors(file.findings):
        return file.findings
    if fraction_group is not None and fraction_group not in file.fraction_group_numbers:
        listed = ", ".join(map(str, file.fraction_group_numbers))
        raise ConfigError(f"{path}: no fraction group {fraction_group}; it has {listed}")
    groups = file.fraction_group_numbers if fraction_group is None else (fraction_group,)
    findings = list(file.findings)
    for group in groups:
        findings.extend(_check_group(file, group, settings, room_name))
    return tuple(dict.fromkeys(findings))


def _check_group(
    file: PlanFile, group: int, settings: Settings, room_name: str | None
) -> Sequence[Finding]:
    plan, findings = file.resolve(group)
    if plan is None:
        return findings
    room, about_room = choose_room(plan, settings, room_name)
    if has_errors(about_room):
        return (*findings, *about_room)
    return (*findings, *about_room, *check(plan, room))
