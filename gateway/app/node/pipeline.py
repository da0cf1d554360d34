"""Plans that peers sent are delivered in their turn; what came of them is sent back."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.adapters.nodestore.room_queue import QueuedPlan, RoomQueue
from gateway.app.node.jobs import Job, Outcome
from gateway.app.node.room import Progress
from gateway.domain.node import Node, Policy
from gateway.ports.clock import WallClock

POLL_S = 0.5

_log = logging.getLogger(__name__)


class Deliverer(Protocol):
    """Carries out jobs; :class:`gateway.app.node.room.RoomProcess` is one."""

    room: str

    async def deliver(self, job: Job, progress: Progress) -> Outcome:
        """Carry one job out, once."""
        ...


@dataclass(frozen=True, slots=True)
class Pipeline:
    """From the node's queue to the room and into the outbox.

    ``plan_file`` gives a stored plan's path by SOP Instance UID; ``send_back`` queues a
    delivery's images, record and verdict for an AE title. Both may block.
    """

    node: Node
    queue: RoomQueue
    room: Deliverer
    plan_file: Callable[[str], Path]
    send_back: Callable[[str, str], int]
    clock: WallClock

    async def run(self) -> None:
        """Until cancelled. Raises StoreError."""
        rooms = delivering_peers(self.node, self.room.room)
        while True:
            await asyncio.to_thread(self.queue.take_in, rooms, self.clock.now_ns())
            plan = await asyncio.to_thread(self.queue.next, self.room.room)
            if plan is None:
                await asyncio.sleep(POLL_S)
            else:
                await self.deliver(plan)

    async def deliver(self, plan: QueuedPlan) -> Outcome:
        """Deliver one plan of the queue and send back what came of it."""
        await asyncio.to_thread(self.queue.began, plan.item, self.clock.now_ns())
        path = await asyncio.to_thread(self.plan_file, plan.sop_instance_uid)
        job = Job(str(plan.item), path, plan.request_id, by=(plan.requester,))
        outcome = await self.room.deliver(job, _unseen)
        await asyncio.to_thread(self._ended, plan, outcome)
        return outcome

    def _ended(self, plan: QueuedPlan, outcome: Outcome) -> None:
        """The answer is in the outbox before the plan leaves the queue."""
        if outcome.delivered:
            sent = self.send_back(outcome.delivery_id, plan.requester)
            _log.info("delivery %s: %d objects queued", outcome.delivery_id, sent)
            self.queue.delivered(
                plan.item, outcome.delivery_id, outcome.reason, self.clock.now_ns()
            )
        else:
            _log.warning("queued plan %d is refused: %s", plan.item, outcome.reason)
            self.queue.refused(plan.item, outcome.reason, self.clock.now_ns())


def delivering_peers(node: Node, room: str) -> Mapping[str, str]:
    """The room by AE title, for the peers whose plans are delivered in ``room``."""
    return {
        peer.ae_title: peer.room
        for peer in node.peers.values()
        if peer.policy is Policy.DELIVER and peer.room == room
    }


def _unseen(_beam: int, _meterset_mu: float, _end_mu: float) -> None:
    """Nobody watches a queued delivery."""
