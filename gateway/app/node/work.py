"""What the service does with its room: plans that peers sent, and steps of the worklist."""

from collections.abc import Awaitable
from contextlib import closing
from functools import partial
from pathlib import Path

from gateway.adapters.clock import SystemClock
from gateway.adapters.nodestore.room_queue import RoomQueue
from gateway.adapters.nodestore.steps import Steps
from gateway.adapters.store import open_reader
from gateway.app.node.concealing import concealing
from gateway.app.node.outbox import DeliveryQueue
from gateway.app.node.parts import NodeParts
from gateway.app.node.pipeline import Pipeline
from gateway.app.node.room import RoomProcess
from gateway.app.node.worklist_output import OutboxOutputs
from gateway.app.node.worklist_performing import performer_of
from gateway.app.node.worklist_worker import WorklistWorker
from gateway.domain.errors import InputError


def work_of(parts: NodeParts, room: RoomProcess) -> list[tuple[str, Awaitable[None]]]:
    """Everything that runs for as long as the service does, by name."""
    work: list[tuple[str, Awaitable[None]]] = [("pipeline", _pipeline(parts, room).run())]
    if parts.node.worklist:
        work.append(("worklist", _worklist(parts, room).run()))
    return work


def _pipeline(parts: NodeParts, room: RoomProcess) -> Pipeline:
    results = _results(parts)

    def plan_file(sop_instance_uid: str) -> Path:
        found = parts.objects.get(sop_instance_uid)
        if found is None:
            raise InputError(f"plan {sop_instance_uid} is not among the node's objects")
        return found.path

    def send_back(delivery_id: str, requester: str) -> int:
        conceal = concealing(parts.root)
        with closing(open_reader(parts.settings.store)) as store:
            answered = results.queue_answer(store, delivery_id, requester, conceal)
            return answered + results.queue_delivery(store, delivery_id, conceal)

    queue = RoomQueue(parts.database)
    return Pipeline(queue, room, plan_file, send_back, SystemClock())


def _worklist(parts: NodeParts, room: RoomProcess) -> WorklistWorker:
    outputs = OutboxOutputs(
        parts.outbox,
        _results(parts),
        partial(open_reader, parts.settings.store),
        concealing(parts.root),
    )
    steps = Steps(parts.database)
    return WorklistWorker(
        performer_of(parts.settings, parts.node, room, parts.objects, steps, outputs, SystemClock())
    )


def _results(parts: NodeParts) -> DeliveryQueue:
    return DeliveryQueue(parts.node, parts.outbox, parts.root, SystemClock())
