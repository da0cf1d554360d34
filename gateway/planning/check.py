"""Whether a room can deliver a plan."""

from collections.abc import Iterator
from dataclasses import replace

from gateway.domain.findings import Finding, error, has_errors, warning
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.domain.room import Room
from gateway.planning.check_axes import axis_findings, direction_findings
from gateway.planning.check_dose import (
    dose_rate_findings,
    energy_findings,
    meterset_findings,
    slow_dose_findings,
)
from gateway.planning.check_leaves import jaw_findings, leaf_findings
from gateway.planning.devices import device_findings
from gateway.planning.modes import mode_of
from gateway.planning.positions import beam_positions

MOST_CONTROL_POINTS = 4096
"""What one program of the linac control protocol may have."""
HIGHEST_BEAM_NUMBER = 65_535
LONGEST_NAME_BYTES = 255
"""What the linac control protocol has room for, in UTF-8."""
_SAD_SLACK_MM = 1.0


def check(plan: TreatmentPlan, room: Room) -> tuple[Finding, ...]:
    """Everything that keeps ``room`` from delivering ``plan``, and what a person should know.

    Findings only, never an exception; no error among them means that every beam can be compiled.
    """
    findings = [*_approval(plan, room)]
    if not plan.beams:
        findings.append(error("no-beams", "BeamSequence", "there is no beam to deliver"))
    for beam in plan.beams.values():
        findings += beam_findings(beam, room)
    return tuple(findings)


def beam_findings(beam: Beam, room: Room) -> tuple[Finding, ...]:
    """The findings of one beam. Where its devices or metersets make no sense, only those."""
    name = f"beam {beam.number}" + (f" ({beam.name})" if beam.name else "")
    return tuple(
        replace(finding, message=f"{name}: {finding.message}")
        for finding in _beam_findings(beam, room)
    )


def _beam_findings(beam: Beam, room: Room) -> tuple[Finding, ...]:
    machine = room.machine
    basic = (
        *device_findings(beam, machine),
        *meterset_findings(beam, machine),
        *_too_long(beam),
        *_unspeakable(beam),
    )
    if has_errors(basic):
        return basic
    positions = beam_positions(beam, machine)
    mode = mode_of(beam, machine)
    return (
        *basic,
        *_source_distance(beam, room),
        *energy_findings(beam, machine),
        *(dose_rate_findings(beam, mode, machine) if mode is not None else ()),
        *axis_findings(beam, room, positions),
        *direction_findings(beam),
        *jaw_findings(beam),
        *leaf_findings(beam, machine),
        *slow_dose_findings(beam, room, positions),
    )


def _approval(plan: TreatmentPlan, room: Room) -> Iterator[Finding]:
    if plan.approval_status != "APPROVED":
        report = warning if room.simulated else error
        status = plan.approval_status or "not stated"
        yield report("approval", "ApprovalStatus", f"the plan is not approved ({status})")


def _too_long(beam: Beam) -> Iterator[Finding]:
    if beam.control_point_count > MOST_CONTROL_POINTS:
        yield error(
            "control-points",
            f"{beam.path}.NumberOfControlPoints",
            f"{beam.control_point_count} control points; a controller takes {MOST_CONTROL_POINTS}",
        )


def _unspeakable(beam: Beam) -> Iterator[Finding]:
    if beam.number > HIGHEST_BEAM_NUMBER:
        text = f"a controller takes numbers up to {HIGHEST_BEAM_NUMBER}"
        yield error("beam-number", f"{beam.path}.BeamNumber", text)
    size = len(beam.name.encode())
    if size > LONGEST_NAME_BYTES:
        text = f"its name has {size} bytes in UTF-8; a controller takes {LONGEST_NAME_BYTES}"
        yield error("beam-name", f"{beam.path}.BeamName", text)


def _source_distance(beam: Beam, room: Room) -> Iterator[Finding]:
    if abs(beam.sad_mm - room.machine.sad_mm) > _SAD_SLACK_MM:
        yield warning(
            "source-axis-distance",
            f"{beam.path}.SourceAxisDistance",
            f"{beam.sad_mm:g} mm in the plan, {room.machine.sad_mm:g} mm on {room.machine.name}",
        )
