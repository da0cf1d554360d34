"""``deliver --dry-run``: what would happen, without a room."""

from typing import Any

from gateway.app.intake import choose_beams, compile_beams, take_in
from gateway.app.request import Request
from gateway.app.summary import finding_row
from gateway.domain.errors import ConfigError
from gateway.planning.compile import timeline
from gateway.settings import Settings


def dry_run(request: Request, settings: Settings) -> dict[str, Any]:
    """Findings and the timeline of every beam. Raises PlanRejected, InputError, ConfigError."""
    if request.plan is None:
        raise ConfigError("--dry-run wants a plan")
    intake = take_in(
        request.plan,
        settings,
        fraction_group=request.fraction_group,
        room_name=request.room,
    )
    numbers = choose_beams(intake.plan, request.beams)
    planned = compile_beams(intake, [(number, 0.0) for number in numbers])
    return {
        "room": intake.room.name,
        "findings": [finding_row(finding) for finding in intake.findings],
        "beams": [
            {
                "number": item.beam.number,
                "name": item.beam.name,
                "mode": item.program.mode.name,
                "meterset_mu": item.program.end_meterset_mu,
                "duration_s": item.program.profile.duration_s,
                "lines": list(timeline(item.program, intake.room.machine)),
            }
            for item in planned
        ],
    }
