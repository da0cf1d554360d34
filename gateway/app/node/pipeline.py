"""Plans that peers sent are delivered in their turn; what came of them is sent back."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gateway.adapters.nodestore.room_queue import QueuedPlan, RoomQueue
from gateway.app.node.jobs import UNFINISHED, Job, Outcome
from gateway.app.node.room import Progress
from gateway.domain.backoff import backoff_ns
from gateway.domain.errors import LinkError
from gateway.domain.units import NS_PER_S
from gateway.ports.clock import WallClock

POLL_S = 0.5
LONGEST_WAIT_S = 30.0

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
    delivery's images, record and verdict for an AE title. Both may block. A plan that cannot be
    delivered now, and a delivery that is not certain or not finished, wait and hold up no other.
    """

    queue: RoomQueue
    room: Deliverer
    plan_file: Callable[[str], Path]
    send_back: Callable[[str, str], int]
    clock: WallClock
    _waits: dict[int, "_Wait"] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled. Raises StoreError."""
        while True:
            now_ns = self.clock.now_ns()
            waiting = {item for item, wait in self._waits.items() if wait.until_ns > now_ns}
            plan = await asyncio.to_thread(self.queue.next, self.room.room, waiting)
            if plan is None:
                await asyncio.sleep(POLL_S)
            else:
                await self.deliver(plan)

    async def deliver(self, plan: QueuedPlan) -> Outcome:
        """Deliver one plan of the queue and send back what came of it."""
        await asyncio.to_thread(self.queue.began, plan.item, self.clock.now_ns())
        path = await asyncio.to_thread(self.plan_file, plan.sop_instance_uid)
        job = Job(str(plan.item), path, plan.request_id, by=(plan.requester,))
        try:
            outcome = await self.room.deliver(job, _unseen)
        except LinkError as problem:
            outcome = Outcome("", str(problem), None, again=True)
        await asyncio.to_thread(self._ended, plan, outcome)
        return outcome

    def _ended(self, plan: QueuedPlan, outcome: Outcome) -> None:
        """The answer is in the outbox before the plan leaves the queue."""
        if outcome.again or (outcome.delivered and not outcome.finished):
            self._wait(plan, outcome)
            return
        self._waits.pop(plan.item, None)
        if outcome.delivered:
            sent = self.send_back(outcome.delivery_id, plan.requester)
            _log.info("delivery %s: %d objects queued", outcome.delivery_id, sent)
            self.queue.delivered(
                plan.item, outcome.delivery_id, outcome.reason, self.clock.now_ns()
            )
        else:
            _log.warning("queued plan %d is refused: %s", plan.item, outcome.reason)
            self.queue.refused(plan.item, outcome.reason, self.clock.now_ns())

    def _wait(self, plan: QueuedPlan, outcome: Outcome) -> None:
        now_ns, reason = self.clock.now_ns(), outcome.reason or UNFINISHED
        before = self._waits.get(plan.item)
        tries = 1 if before is None else before.tries + 1
        wait_ns = min(backoff_ns(tries, plan.request_id), round(LONGEST_WAIT_S * NS_PER_S))
        self._waits[plan.item] = _Wait(tries, now_ns + wait_ns, reason)
        self.queue.waits(plan.item, outcome.delivery_id, reason, now_ns)
        if before is None or before.reason != reason:
            _log.warning("queued plan %d waits: %s", plan.item, reason)


@dataclass(frozen=True, slots=True)
class _Wait:
    """Until when nothing is tried with a plan, and why."""

    tries: int
    until_ns: int
    reason: str


def _unseen(_beam: int, _meterset_mu: float, _end_mu: float) -> None:
    """Nobody watches a queued delivery."""
