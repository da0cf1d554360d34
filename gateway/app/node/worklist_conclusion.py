"""After the beam: objects on their way, the manager told, the step closed."""

import asyncio
from collections.abc import Callable

from gateway.adapters.nodestore.steps import Step
from gateway.app.node.worklist_claim import GONE
from gateway.app.node.worklist_performer import Performer, log, plain
from gateway.app.node.worklist_phases import Happened, News, closed, news
from gateway.dicom.ups.codes import INTERNAL_VERIFICATION
from gateway.domain.errors import ConfigError, GatewayError, InputError, StoreError
from gateway.domain.units import NS_PER_S
from gateway.domain.worklist import Performed, StepRefused, StepState


async def queued(performer: Performer, step: Step) -> News:
    """Put the delivery's objects into the outbox. Raises StoreError."""
    try:
        outputs = await asyncio.to_thread(performer.outputs.queue, step.delivery_id)
    except (InputError, ConfigError) as problem:
        return news(Happened.WAITS, waiting=str(problem))
    return news(Happened.QUEUED, outputs=outputs)


async def settled(performer: Performer, step: Step) -> News:
    """Wait for the objects to be kept elsewhere, but not for ever. Raises StoreError."""
    until_ns = step.changed_ns + round(performer.settle_s * NS_PER_S)
    while not await asyncio.to_thread(performer.outputs.settled, step.outputs):
        if performer.clock.now_ns() >= until_ns:
            log.warning(
                "step %s: not every object is committed after %g s: reported without",
                step.sop_instance_uid,
                performer.settle_s,
            )
            break
        await asyncio.sleep(performer.poll_s)
    kept = await asyncio.to_thread(performer.outputs.kept, step.outputs)
    return news(Happened.SETTLED, outputs=kept)


async def reported(performer: Performer, step: Step) -> News:
    """The final update: what was performed. Raises StoreError."""
    performed = Performed(
        station=step.station or performer.station,
        workitem=step.workitem or INTERNAL_VERIFICATION,
        started_ns=step.started_ns,
        ended_ns=step.ended_ns,
        outputs=step.outputs,
        reason=step.reason if step.final_state is StepState.CANCELED else "",
        reason_code=step.reason_code,
        progress=step.progress,
    )
    uid, transaction_uid = step.sop_instance_uid, step.transaction_uid
    tell = performer.manager.tell_performed
    refusal = await _told(lambda: tell(uid, transaction_uid, performed))
    return refusal or news(Happened.TOLD)


async def brought_to_its_end(performer: Performer, step: Step) -> News:
    """The final state, and no more events. Raises StoreError."""
    uid, manager = step.sop_instance_uid, performer.manager
    refusal = await _told(lambda: manager.close(uid, step.transaction_uid, step.final_state))
    if refusal is not None:
        return refusal
    try:
        await asyncio.to_thread(manager.unsubscribe, uid)
    except StoreError:
        raise
    except GatewayError as problem:
        log.warning("%s", plain(problem))
    return closed(step.final_state)


async def _told(tell: Callable[[], None]) -> News | None:
    """None where the manager was told; else that it waits, or cannot be told any more."""
    try:
        await asyncio.to_thread(tell)
    except StepRefused as refusal:
        if refusal.status in GONE:
            return news(Happened.GONE, reason=str(refusal))
        return news(Happened.WAITS, waiting=str(refusal))
    except StoreError:
        raise
    except GatewayError as problem:
        return news(Happened.WAITS, waiting=str(problem))
    return None
