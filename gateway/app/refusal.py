"""What a delivery that did not come about leaves: why, and what is known of plan and room."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from gateway.adapters.store import open_reader
from gateway.app.intake import choose_room
from gateway.app.request import Request
from gateway.app.summary import plan_row, refusal_summary
from gateway.delivery.ledger import fold
from gateway.dicom.plan_file import PlanFile, read_plan
from gateway.domain.delivery import DeliveryOutcome
from gateway.domain.errors import GatewayError, PlanRejected, StoreError
from gateway.domain.findings import Finding, error
from gateway.settings import Settings


def refusal(reason: GatewayError, request: Request, settings: Settings) -> dict[str, Any]:
    """The summary of a refused delivery."""
    file = _plan_file(request)
    group = _fraction_group(request, file)
    return refusal_summary(
        _findings(reason),
        plan=_plan(request, file, group),
        room=request.room or _room(file, group, settings),
        seed=request.seed,
        continues=request.continues,
    )


def begun(settings: Settings, delivery_id: str) -> Mapping[str, Any]:
    """What is different when the delivery had begun before it failed: empty when it had not."""
    try:
        with closing(open_reader(settings.store)) as store:
            entry = fold(store.events(delivery_id))
    except StoreError:
        return {"delivery_id": delivery_id, "state": DeliveryOutcome.UNRESOLVED.value}
    if entry is None:
        return {}
    return {
        "delivery_id": delivery_id,
        "state": entry.outcome.value,
        "plan": plan_row(entry),
        "room": entry.room,
        "seed": entry.seed,
    }


def _findings(reason: GatewayError) -> tuple[Finding, ...]:
    if isinstance(reason, PlanRejected):
        return reason.findings
    return (error(reason_rule(reason), "", str(reason)),)


def reason_rule(reason: GatewayError) -> str:
    """The kind of an error in kebab case: ``PlanRejected`` is ``plan-rejected``."""
    name = type(reason).__name__
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]


def _plan_file(request: Request) -> PlanFile | None:
    if request.plan is None:
        return None
    try:
        return read_plan(request.plan)
    except GatewayError:
        return None


def _fraction_group(request: Request, file: PlanFile | None) -> int | None:
    numbers = () if file is None else file.fraction_group_numbers
    if request.fraction_group is None and len(numbers) == 1:
        return numbers[0]
    return request.fraction_group


def _plan(request: Request, file: PlanFile | None, group: int | None) -> Mapping[str, Any]:
    return {
        "sop_instance_uid": None if file is None else file.sop_instance_uid or None,
        "label": None if file is None else file.label or None,
        "fraction_group": group,
        "fraction": request.fraction,
    }


def _room(file: PlanFile | None, group: int | None, settings: Settings) -> str | None:
    """The room that would have been taken."""
    if file is None or group is None:
        return None
    plan, _ = file.resolve(group)
    if plan is None:
        return None
    try:
        return choose_room(plan, settings, None)[0].name
    except GatewayError:
        return None
