"""The queue for people: the plans that peers sent to be delivered, and how far each is."""

from contextlib import closing
from typing import Any

from gateway.adapters.nodestore.database import DATABASE, NodeDatabase
from gateway.adapters.nodestore.room_queue import QueuedPlan, RoomQueue
from gateway.app.node.outbox import NODE_FOLDER
from gateway.app.records import utc
from gateway.settings import Settings


def list_queue(settings: Settings) -> list[dict[str, Any]]:
    """A row for each plan, oldest first; empty where there is no node. Raises StoreError."""
    if not (settings.store / NODE_FOLDER / DATABASE).exists():
        return []
    with closing(NodeDatabase(settings.store / NODE_FOLDER)) as database:
        return [_row(plan) for plan in RoomQueue(database).rows()]


def _row(plan: QueuedPlan) -> dict[str, Any]:
    return {
        "item": plan.item,
        "from": plan.requester,
        "room": plan.room,
        "plan": plan.sop_instance_uid,
        "state": plan.state,
        "delivery_id": plan.delivery_id,
        "queued": utc(plan.queued_ns),
        "changed": utc(plan.changed_ns),
        "reason": plan.reason,
    }
