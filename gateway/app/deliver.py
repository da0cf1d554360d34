"""The ``deliver`` command: decide what is delivered, then carry it out."""

from collections.abc import Sequence
from contextlib import closing

from gateway.adapters.store import open_store
from gateway.app.carry_out import Decided, Progress, Request, carry_out
from gateway.app.finish import Finished
from gateway.app.fractions import beyond_plan, choose_fraction, entries, remaining_beams
from gateway.app.identity import Identity, fresh_seed, identify
from gateway.app.intake import Intake, choose_beams, compile_beams, take_in
from gateway.app.refusal import leave_refusal
from gateway.delivery.ledger import DeliveryEntry
from gateway.domain.errors import Blocked, ConfigError, InputError, PlanRejected
from gateway.domain.findings import Finding
from gateway.ports.store import RecordStore
from gateway.settings import Settings


def deliver(request: Request, settings: Settings, progress: Progress) -> Finished:
    """Deliver a plan.

    Raises PlanRejected, InputError and Blocked (after leaving ``summary.json`` in
    ``request.out``), ConfigError, LinkError, ProtocolError, MachineFault and StoreError.
    """
    if request.plan is None:
        raise ConfigError("deliver wants a plan")
    try:
        intake = take_in(
            request.plan,
            settings,
            fraction_group=request.fraction_group,
            room_name=request.room,
        )
        named = choose_beams(intake.plan, request.beams) if request.beams else ()
        with closing(open_store(settings.store)) as store:
            decided = _decide_new(request, intake, named, store)
            return carry_out(decided, request, settings, store, progress)
    except (PlanRejected, InputError, Blocked) as refusal:
        leave_refusal(request, refusal)
        raise


def continue_delivery(
    delivery_id: str, request: Request, settings: Settings, progress: Progress
) -> Finished:
    """Deliver exactly what remains of an earlier delivery, as one of its own. Raises likewise."""
    try:
        with closing(open_store(settings.store)) as store:
            decided = _decide_rest(delivery_id, request, settings, store)
            return carry_out(decided, request, settings, store, progress)
    except (PlanRejected, InputError, Blocked) as refusal:
        leave_refusal(request, refusal)
        raise


def _decide_new(
    request: Request, intake: Intake, named: Sequence[int], store: RecordStore
) -> Decided:
    known = entries(store)
    fraction, numbers = choose_fraction(known, intake.plan, named, request.fraction)
    findings = beyond_plan(intake.plan, fraction, simulated=intake.room.simulated)
    beams = compile_beams(intake, [(number, 0.0) for number in numbers])
    identity, ordinal = _identify(request, intake, fraction, known)
    return Decided(intake, identity, fraction, beams, (*intake.findings, *findings), None, ordinal)


def _decide_rest(
    delivery_id: str, request: Request, settings: Settings, store: RecordStore
) -> Decided:
    known = entries(store)
    entry = find_entry(known, delivery_id, settings)
    left = remaining_beams(entry, known)
    intake = take_in(
        store.directory(delivery_id) / "plan.dcm",
        settings,
        fraction_group=entry.fraction_group,
        room_name=None if entry.intent["room_derived"] else entry.room,
    )
    beams = compile_beams(intake, list(left.items()))
    identity, ordinal = _identify(request, intake, entry.fraction, known)
    findings: tuple[Finding, ...] = intake.findings
    return Decided(intake, identity, entry.fraction, beams, findings, delivery_id, ordinal)


def find_entry(
    known: Sequence[DeliveryEntry], delivery_id: str, settings: Settings
) -> DeliveryEntry:
    """The delivery of that name. Raises ConfigError."""
    for entry in known:
        if entry.delivery_id == delivery_id:
            return entry
    raise ConfigError(f"no delivery {delivery_id} in {settings.store}; see: linac-gateway history")


def _identify(
    request: Request, intake: Intake, fraction: int, known: Sequence[DeliveryEntry]
) -> tuple[Identity, int]:
    plan = intake.plan
    ordinal = sum(entry.plan_uid == plan.sop_instance_uid for entry in known)
    seed = fresh_seed() if request.seed is None else request.seed
    group = plan.fraction_group.number
    return identify(seed, plan.sop_instance_uid, group, fraction, ordinal), ordinal
