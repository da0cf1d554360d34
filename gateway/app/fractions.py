"""Which fraction is delivered next, and what stands in its way."""

from collections.abc import Mapping, Sequence

from gateway.delivery.ledger import DeliveryEntry, fold, fraction_state, unresolved
from gateway.domain.delivery import DeliveryOutcome
from gateway.domain.errors import Blocked, ConfigError, PlanRejected
from gateway.domain.findings import Finding, error, warning
from gateway.domain.plan import TreatmentPlan
from gateway.ports.store import RecordReader
from gateway.settings import Settings

_PATH = "FractionGroupSequence.NumberOfFractionsPlanned"


def entries(store: RecordReader) -> list[DeliveryEntry]:
    """Every delivery of the store, oldest first."""
    folded = (fold(store.events(delivery_id)) for delivery_id in store.deliveries())
    return [entry for entry in folded if entry is not None]


def find_entry(
    known: Sequence[DeliveryEntry], delivery_id: str, settings: Settings
) -> DeliveryEntry:
    """The delivery of that name. Raises ConfigError."""
    for entry in known:
        if entry.delivery_id == delivery_id:
            return entry
    raise ConfigError(f"no delivery {delivery_id} in {settings.store}; see: linac-gateway history")


def require_resolved(known: Sequence[DeliveryEntry], plan_uid: str) -> None:
    """Raises Blocked while a delivery of the plan is unresolved."""
    blocking = unresolved(known, plan_uid)
    if blocking is not None:
        raise Blocked(
            f"delivery {blocking.delivery_id} of this plan is unresolved: its meterset is not "
            f"certain; run: linac-gateway resolve {blocking.delivery_id}"
        )


def refuse_repeated(known: Sequence[DeliveryEntry], request_id: str) -> None:
    """Raises Blocked when a delivery was begun for the same request (empty: none is named)."""
    begun = requested(known, request_id)
    if begun is not None:
        raise Blocked(
            f"request {request_id} was carried out already, as delivery {begun.delivery_id}; "
            "nothing is delivered twice"
        )


def requested(known: Sequence[DeliveryEntry], request_id: str) -> DeliveryEntry | None:
    """The delivery that was begun for a request; None where there is none."""
    for entry in known:
        if request_id and entry.intent.get("request") == request_id:
            return entry
    return None


def choose_fraction(
    known: Sequence[DeliveryEntry],
    plan: TreatmentPlan,
    named: Sequence[int],
    wanted: int | None,
) -> tuple[int, tuple[int, ...]]:
    """The fraction to deliver and its beams.

    ``named`` beams are delivered, or (when empty) those of the fraction not delivered yet;
    ``wanted`` is the fraction, or None for the next that has such beams.
    Raises Blocked when a beam of it was delivered before, or was begun and has to be continued.
    """
    require_resolved(known, plan.sop_instance_uid)
    group = plan.fraction_group.number
    candidates = [number for number in plan.beams if not named or number in named]
    fraction = wanted or 1
    while True:
        state = fraction_state(known, plan.sop_instance_uid, group, fraction)
        done = [n for n in candidates if state.complete(n, plan.beams[n].meterset_mu)]
        if wanted is None and len(done) == len(candidates):
            fraction += 1
            continue
        left = tuple(number for number in candidates if number not in done)
        if left:
            begun = any(state.begun(number) for number in candidates)
            _refuse_unfinished(known, plan, fraction, begun=begun)
        if done and (named or not left):
            raise Blocked(
                f"fraction {fraction} of fraction group {group}: beam "
                f"{', '.join(map(str, done))} has been delivered already; "
                "nothing is delivered twice"
            )
        return fraction, left


def _refuse_unfinished(
    known: Sequence[DeliveryEntry], plan: TreatmentPlan, fraction: int, *, begun: bool
) -> None:
    continued = {entry.continues for entry in known}
    unfinished = [
        entry.delivery_id
        for entry in known
        if entry.plan_uid == plan.sop_instance_uid
        and entry.fraction_group == plan.fraction_group.number
        and entry.fraction == fraction
        and entry.outcome is DeliveryOutcome.TERMINATED
        and entry.delivery_id not in continued
    ]
    if unfinished and begun:
        raise Blocked(
            f"fraction {fraction} of fraction group {plan.fraction_group.number} was begun and not "
            f"finished; run: linac-gateway deliver --continue {unfinished[-1]}"
        )


def remaining_beams(entry: DeliveryEntry, known: Sequence[DeliveryEntry]) -> Mapping[int, float]:
    """Beam number to the meterset from which it continues, for what is left of a delivery.

    Raises Blocked when it is unresolved, was continued already, or nothing remains.
    """
    require_resolved(known, entry.plan_uid)
    later = [other.delivery_id for other in known if other.continues == entry.delivery_id]
    if later:
        raise Blocked(f"delivery {entry.delivery_id} was continued already, as {later[-1]}")
    state = fraction_state(known, entry.plan_uid, entry.fraction_group, entry.fraction)
    left = {
        beam.number: state.delivered_mu.get(beam.number, 0.0)
        for beam in entry.beams.values()
        if not state.complete(beam.number, beam.planned_mu)
    }
    if not left:
        raise Blocked(f"delivery {entry.delivery_id} is complete; nothing remains to be delivered")
    return left


def beyond_plan(plan: TreatmentPlan, fraction: int, *, simulated: bool) -> tuple[Finding, ...]:
    """A finding when ``fraction`` is more than was planned. Raises PlanRejected in a real room."""
    planned = plan.fraction_group.fractions_planned
    if planned is None or fraction <= planned:
        return ()
    text = f"fraction {fraction} is beyond the {planned} planned"
    if not simulated:
        raise PlanRejected((error("fraction-beyond-plan", _PATH, text),))
    return (warning("fraction-beyond-plan", _PATH, text),)


def altered_plan(
    known: Sequence[DeliveryEntry], plan: TreatmentPlan, *, simulated: bool
) -> tuple[Finding, ...]:
    """A finding when the plan was delivered from another file. Raises PlanRejected in a real room.

    A SOP Instance UID names one content; fractions of two contents do not add up.
    """
    earlier = [
        entry.delivery_id
        for entry in known
        if entry.plan_uid == plan.sop_instance_uid and entry.intent["plan_sha256"] != plan.sha256
    ]
    if not earlier:
        return ()
    text = (
        f"delivery {earlier[-1]} was made from another file of the same SOP Instance UID; "
        "an altered plan wants a UID of its own"
    )
    if not simulated:
        raise PlanRejected((error("plan-altered", "SOPInstanceUID", text),))
    return (warning("plan-altered", "SOPInstanceUID", text),)
