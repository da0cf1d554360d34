"""The beam of a scheduled treatment: its progress told, a cancellation heeded, its end read."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from gateway.app.node.jobs import UNFINISHED, Outcome
from gateway.app.node.worklist_performer import log
from gateway.app.node.worklist_phases import Happened, News, news
from gateway.app.node.worklist_ports import Room
from gateway.app.node.worklist_preparation import Prepared
from gateway.app.node.worklist_progress import ProgressTeller
from gateway.dicom.ups.codes import EQUIPMENT_FAILURE, UNSPECIFIED
from gateway.domain.delivery import DeliveryOutcome
from gateway.domain.worklist import Progress, StepState

AGAIN_S = 2.0
"""A beam that gets on so long after it was to stop is told again."""


class Pace(Protocol):
    """How often the manager is told, and asked about."""

    @property
    def poll_s(self) -> float:
        """How long a cancellation may go unnoticed."""
        ...

    @property
    def progress_period_s(self) -> float:
        """The shortest time between two updates."""
        ...


async def attended(
    prepared: Prepared,
    room: Room,
    tell: Callable[[Progress], None],
    cancellation: Callable[[], str],
    pace: Pace,
) -> tuple[Outcome, Progress | None]:
    """Deliver; what came of it, and how far it was told.

    ``tell`` and ``cancellation`` are called in threads, and never hold the beam up.
    """
    async with ProgressTeller(prepared.spans_mu, tell, pace.progress_period_s) as teller:
        stopping = _stop_when_asked(prepared.job.item, room, cancellation, teller, pace.poll_s)
        watch = asyncio.create_task(stopping, name="cancellation")
        try:
            outcome = await room.deliver(prepared.job, teller.note)
        finally:
            watch.cancel()
            await asyncio.wait((watch,))
    return outcome, teller.latest


def ending(outcome: Outcome, asked: str, latest: Progress | None, now_ns: int) -> News:
    """News of a delivery that has ended. ``asked`` is why it was to be cancelled, or empty.

    A delivery whose meterset is not certain, or whose record is not finished, has not ended.
    """
    code = UNSPECIFIED if asked else EQUIPMENT_FAILURE
    if not outcome.delivered:
        return news(
            Happened.NOT_BEGUN,
            final=StepState.CANCELED.value,
            reason=asked or outcome.reason,
            reason_code=code,
            ended_ns=now_ns,
            progress=latest,
        )
    summary = outcome.summary or {}
    if not outcome.finished:
        waiting = f"delivery {outcome.delivery_id}: {outcome.reason or UNFINISHED}"
        return news(
            Happened.WAITS, delivery_id=outcome.delivery_id, waiting=waiting, progress=latest
        )
    complete = summary.get("state") == DeliveryOutcome.COMPLETE
    return news(
        Happened.ENDED,
        delivery_id=outcome.delivery_id,
        final=(StepState.COMPLETED if complete else StepState.CANCELED).value,
        reason="" if complete else asked or _why(summary),
        reason_code=None if complete else code,
        ended_ns=now_ns,
        progress=latest,
    )


async def _stop_when_asked(
    item: str,
    room: Room,
    cancellation: Callable[[], str],
    teller: ProgressTeller,
    poll_s: float,
) -> None:
    """Turn the beam off once it is asked for; again where it gets on nevertheless."""
    loop = asyncio.get_running_loop()
    stopped: tuple[float, Progress | None] | None = None
    while True:
        gets_on = stopped is None or (
            loop.time() - stopped[0] > AGAIN_S and teller.latest is not stopped[1]
        )
        asked: str = await asyncio.to_thread(cancellation) if gets_on else ""
        if asked and room.abort(item):
            log.warning("step %s: a cancellation is requested: turning the beam off", item)
            stopped = loop.time(), teller.latest
        await asyncio.sleep(poll_s)


def _why(summary: Mapping[str, Any]) -> str:
    """Why a delivery is not complete, from its summary."""
    beams: Sequence[Mapping[str, Any]] = summary.get("beams", ())
    reasons = [
        f"beam {beam['number']}: {beam['termination_reason']}"
        for beam in beams
        if beam.get("termination_reason")
    ]
    return "; ".join(reasons) or "the delivery was terminated"
