"""One step, from the wish to its end: each phase has one thing to do, and news of it.

What is known is saved before anything is said or done because of it. See
:mod:`gateway.app.node.worklist_phases` for what follows what.
"""

import asyncio
from collections.abc import Awaitable, Callable

from gateway.adapters.nodestore.steps import Phase, Step
from gateway.app.node.jobs import Outcome
from gateway.app.node.worklist_claim import claimed, given_up, looked_at, proved
from gateway.app.node.worklist_conclusion import (
    brought_to_its_end,
    queued,
    reported,
    settled,
)
from gateway.app.node.worklist_delivery import attended, ending
from gateway.app.node.worklist_performer import Performer, log, plain
from gateway.app.node.worklist_phases import RESTARTED, Happened, News, advanced, news, stopped
from gateway.app.node.worklist_preparation import Prepared
from gateway.dicom.ups.codes import (
    EQUIPMENT_FAILURE,
    OBJECT_SET_INCOMPLETE,
    OBJECTS_INCORRECT,
    UNSPECIFIED,
)
from gateway.domain.errors import GatewayError, InputError, LinkError, PlanRejected, StoreError
from gateway.domain.units import NS_PER_S
from gateway.domain.worklist import Code, Progress, StepRefused, WorkItem


class Treatment:
    """One step that is performed; ``step`` is as it was saved last.

    A step that was under way before this program started is brought to its end, and not begun.
    """

    def __init__(self, performer: Performer, step: Step) -> None:
        self._performer = performer
        self._resumed = step.phase is not Phase.WANTED
        self._item: WorkItem | None = None
        self._prepared: Prepared | None = None
        self._asked = False
        self.step = step

    async def perform(self) -> Step:
        """Until its end. Raises StoreError."""
        while not self.step.ended:
            await self.advance()
        return self.step

    async def advance(self) -> None:
        """Do what the step's phase asks for, when it is time. Raises StoreError."""
        wait_ns = self.step.next_try_ns - self._performer.clock.now_ns()
        if wait_ns > 0:
            await asyncio.sleep(wait_ns / NS_PER_S)
        acts: dict[Phase, Callable[[], Awaitable[News]]] = {
            Phase.WANTED: self._look,
            Phase.CLAIMING: self._claim,
            Phase.CLAIMED: self._prepare,
            Phase.DELIVERING: self._deliver,
            Phase.DELIVERED: lambda: queued(self._performer, self.step),
            Phase.SETTLING: lambda: settled(self._performer, self.step),
            Phase.REPORTING: lambda: reported(self._performer, self.step),
            Phase.CLOSING: lambda: brought_to_its_end(self._performer, self.step),
        }
        await self._save(await acts[self.step.phase]())

    async def _save(self, what: News) -> None:
        before = self.step
        self.step = advanced(before, what, self._performer.clock.now_ns())
        await asyncio.to_thread(self._performer.steps.save, self.step)
        if self.step.waiting and self.step.waiting != before.waiting:
            uid, phase = self.step.sop_instance_uid, self.step.phase
            log.warning("step %s: %s: it waits; 'worklist' says why", uid, phase)
        elif self.step.phase is not before.phase:
            log.info("step %s: %s", self.step.sop_instance_uid, self.step.phase)

    async def _look(self) -> News:
        what, self._item = await asyncio.to_thread(looked_at, self._performer, self.step)
        return what

    async def _claim(self) -> News:
        """Claim it once; where the answer may have been lost, find out what became of it."""
        if self._asked or self._resumed:
            known = await asyncio.to_thread(proved, self._performer, self.step)
            if known is not None:
                return known
        if self._resumed:
            return given_up()
        self._asked = True
        return await asyncio.to_thread(claimed, self._performer, self.step)

    async def _prepare(self) -> News:
        """Look at everything that is to be delivered; a cancellation counts until the beam."""
        item, now_ns = self._item, self._performer.clock.now_ns
        if self._resumed or item is None:
            return stopped(RESTARTED, now_ns(), reason_code=EQUIPMENT_FAILURE)
        await self._watch()
        try:
            self._prepared = await asyncio.to_thread(
                self._performer.preparation.prepare, self.step, item
            )
        except StoreError:
            raise
        except GatewayError as reason:
            return stopped(str(reason), now_ns(), reason_code=_reason_code(reason))
        asked = await asyncio.to_thread(self._cancellation)
        if asked:
            return stopped(asked, now_ns(), reason_code=UNSPECIFIED)
        return news(Happened.READY, started_ns=now_ns())

    async def _watch(self) -> None:
        uid = self.step.sop_instance_uid
        try:
            await asyncio.to_thread(self._performer.manager.subscribe, uid)
        except StoreError:
            raise
        except GatewayError as problem:
            log.warning("%s; cancellations will not be heard", plain(problem))

    async def _deliver(self) -> News:
        """Deliver, or find out what a delivery that began under an earlier program came to."""
        performer, prepared, latest = self._performer, self._prepared, self.step.progress
        self._prepared = None
        outcome: Outcome | None = None
        if prepared is not None:
            outcome, latest = await attended(
                prepared, performer.room, self._tell, self._cancellation, performer
            )
        if outcome is None or not outcome.delivered:
            known = await asyncio.to_thread(performer.record.outcome, self.step.request_id)
            outcome = known or outcome or Outcome("", RESTARTED, None)
        asked = await asyncio.to_thread(self._cancellation)
        return ending(outcome, asked, latest, performer.clock.now_ns())

    def _tell(self, progress: Progress) -> None:
        uid, transaction_uid = self.step.sop_instance_uid, self.step.transaction_uid
        self._performer.manager.tell_progress(uid, transaction_uid, progress)

    def _cancellation(self) -> str:
        """Why it is to be cancelled, as the manager's event says; "" where it is not."""
        return self._performer.steps.cancellation(self.step.sop_instance_uid)


def _reason_code(reason: GatewayError) -> Code:
    if isinstance(reason, PlanRejected | InputError):
        return OBJECTS_INCORRECT
    if isinstance(reason, LinkError | StepRefused):
        return OBJECT_SET_INCOMPLETE
    return UNSPECIFIED
