"""What a decided delivery is, in full: the order for the session and its intent in the record."""

from collections.abc import Iterable, Mapping
from typing import cast

from gateway import __version__
from gateway.app.hosting import links
from gateway.app.request import Decided, Request
from gateway.app.tolerances import RoomTolerances
from gateway.delivery.event_bodies import IntentBody
from gateway.delivery.order import Acquisition, Order
from gateway.domain.delivery import FrameKind
from gateway.domain.errors import ConfigError
from gateway.formats.program_file import write_program
from gateway.ports.store import Json
from gateway.settings import Settings

PERMITS = frozenset({"motion", "beam"})


def armed_by(request: Request, settings: Settings, decided: Decided) -> tuple[str, ...]:
    """Who arms: one person in a simulated room, two in a real one, with this run's permit."""
    people = different_people(request.by) or (settings.operator,)
    if decided.intake.room.simulated:
        return people
    if len(people) < 2:
        raise ConfigError("a real room is armed by two different people: --by A --by B")
    if request.permit != PERMITS:
        raise ConfigError("a real room moves and beams only with --permit motion,beam")
    return people


def different_people(names: Iterable[str]) -> tuple[str, ...]:
    """``names`` without blanks and without those that differ in upper and lower case only."""
    named = filter(None, (name.strip() for name in names))
    return tuple({name.casefold(): name for name in reversed(list(named))}.values())[::-1]


def order_of(
    decided: Decided, request: Request, people: tuple[str, ...], tolerances: RoomTolerances
) -> Order:
    """The order of a decided delivery, armed by ``people``."""
    intake, identity = decided.intake, decided.identity
    cine = request.cine_fps is not None
    kind = FrameKind.CINE if cine else FrameKind.INTEGRATED
    files = {"plan.dcm": intake.file.content}
    files |= {
        f"program_beam_{planned.beam.number}.npz": write_program(planned.program)
        for planned in decided.beams
    }
    return Order(
        token=identity.token,
        intent=cast("Mapping[str, Json]", _intent(decided, request, people)),
        files=files,
        room=intake.room,
        beams=decided.beams,
        acquisition=Acquisition(kind, request.cine_fps or 0.0),
        tolerance=tolerances.read_back,
        armed_by=people,
    )


def _intent(decided: Decided, request: Request, people: tuple[str, ...]) -> IntentBody:
    intake, plan = decided.intake, decided.intake.plan
    intent: IntentBody = {
        "plan_uid": plan.sop_instance_uid,
        "plan_sha256": plan.sha256,
        "plan_label": plan.label,
        "fraction_group": plan.fraction_group.number,
        "fraction": decided.fraction,
        "fractions_planned": plan.fraction_group.fractions_planned,
        "room": intake.room.name,
        "room_derived": intake.room_derived,
        "simulated": intake.room.simulated,
        "links": {name: link.url for name, link in links(intake.room).items()},
        "request": request.request_id,
        "seed": decided.identity.seed,
        "token": decided.identity.token.hex(),
        "continues": decided.continues,
        "cine_fps": request.cine_fps,
        "operators": list(people),
        "software": __version__,
        "mu_per_pulse": intake.room.machine.mu_per_pulse,
        "sad_mm": intake.room.machine.sad_mm,
        "tolerances": intake.room.tolerances,
        "findings": [
            [finding.severity.value, finding.rule, finding.path, finding.message]
            for finding in decided.findings
        ],
        "beams": [
            {
                "number": planned.beam.number,
                "name": planned.beam.name,
                "planned_mu": planned.beam.meterset_mu,
                "start_meterset_mu": planned.program.start_meterset_mu,
            }
            for planned in decided.beams
        ],
    }
    if request.phantom is not None:
        intent["phantom"] = request.phantom
    if request.verifications:
        intent["verifications"] = [
            {
                "beam": verdict.beam_number,
                "status": verdict.status.value,
                "attributes": list(verdict.attributes),
            }
            for verdict in request.verifications
        ]
    return intent
