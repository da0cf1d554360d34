"""Items of the queue as the API shows them."""

from collections.abc import Mapping
from typing import Any

from gateway.adapters.webstore.plans import StoredPlan
from gateway.adapters.webstore.requests import PROPOSED, DeliveryRequest
from gateway.app.records import utc
from gateway.app.web.arming import Arming
from gateway.domain.units import NS_PER_S
from gateway.ports.clock import WallClock

OURS = "web"


def request_row(
    request: DeliveryRequest, plan: StoredPlan, arming: Arming, clock: WallClock
) -> Mapping[str, Any]:
    """An item that was proposed here."""
    proposed = request.state == PROPOSED
    armed = arming.armed(request.item) if proposed else None
    until = None
    if armed is not None:
        until = utc(clock.now_ns() + round(arming.left_s(armed) * NS_PER_S))
    return {
        "item": request.item,
        "plan_id": request.plan_id,
        "plan_uid": plan.checked["plan_uid"],
        "label": plan.label,
        "state": request.state if armed is None else "armed",
        "source": OURS,
        "requested_by": request.requested_by,
        "armed_by": (request.armed_by or None) if armed is None else armed.by,
        "armed_until": until,
        "arming_code": arming.code(request.item) if proposed and armed is None else None,
        "delivery_id": request.delivery_id or None,
        "reason": request.reason,
        "requested": utc(request.requested_ns),
        "changed": utc(request.changed_ns),
    }


def node_row(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """An item that a DICOM peer sent: to be seen only."""
    return {
        "item": f"n-{row['item']}",
        "plan_id": None,
        "plan_uid": row["plan"],
        "label": "",
        "state": row["state"],
        "source": row["from"],
        "requested_by": row["from"],
        "armed_by": None,
        "armed_until": None,
        "arming_code": None,
        "delivery_id": row["delivery_id"] or None,
        "reason": row["reason"],
        "requested": row["queued"],
        "changed": row["changed"],
    }
