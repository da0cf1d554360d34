"""Taking a step: looking at it, claiming it, and finding out whose a claim was. These block."""

from gateway.adapters.nodestore.steps import Step
from gateway.app.node.worklist_performer import Performer
from gateway.app.node.worklist_phases import RESTARTED, Happened, News, news
from gateway.dicom.ups.codes import INTERNAL_VERIFICATION
from gateway.dicom.ups.query import WorklistQuery
from gateway.dicom.ups.statuses import (
    NO_LONGER_UPDATED,
    NO_SUCH_OBJECT,
    NO_SUCH_STEP,
    WRONG_TRANSACTION,
)
from gateway.domain.errors import GatewayError, StoreError
from gateway.domain.worklist import Progress, StepRefused, StepState, WorkItem

GONE = frozenset({NO_LONGER_UPDATED, WRONG_TRANSACTION, NO_SUCH_STEP, NO_SUCH_OBJECT})
"""Statuses that say: this step is not, or no longer, this device's to update."""


def looked_at(performer: Performer, step: Step) -> tuple[News, WorkItem | None]:
    """Whether a step is there to be performed, and fit to be. Raises StoreError."""
    station = performer.station
    try:
        item = _found(performer, step.sop_instance_uid)
        if item is None:
            reason = f"it is not scheduled for {station.value}, or not any more"
            return news(Happened.UNFIT, reason=reason), None
        performer.preparation.look_at(item)
    except StoreError:
        raise
    except GatewayError as reason:
        return news(Happened.UNFIT, reason=str(reason)), None
    fit = news(
        Happened.FIT,
        transaction_uid=performer.new_uid(),
        station=station,
        workitem=item.workitem or INTERNAL_VERIFICATION,
        reason="",
    )
    return fit, item


def claimed(performer: Performer, step: Step) -> News:
    """Claim a step whose Transaction UID is saved. Raises StoreError."""
    try:
        performer.manager.claim(step.sop_instance_uid, step.transaction_uid)
    except StepRefused as refusal:
        return news(Happened.REFUSED, reason=str(refusal))
    except StoreError:
        raise
    except GatewayError as problem:
        return news(Happened.WAITS, waiting=str(problem))
    return granted(performer)


def proved(performer: Performer, step: Step) -> News | None:
    """What became of a claim whose answer was lost; None where it never arrived.

    The state does not tell whose claim it was: an update under this Transaction UID does.
    Raises StoreError.
    """
    uid = step.sop_instance_uid
    try:
        if performer.manager.get(uid).state == StepState.SCHEDULED:
            return None
        performer.manager.tell_progress(uid, step.transaction_uid, Progress(0.0))
    except StepRefused as refusal:
        if refusal.status in GONE:
            return news(Happened.REFUSED, reason=str(refusal))
        return news(Happened.WAITS, waiting=str(refusal))
    except StoreError:
        raise
    except GatewayError as problem:
        return news(Happened.WAITS, waiting=str(problem))
    return granted(performer)


def granted(performer: Performer) -> News:
    """News that the step is this device's."""
    return news(Happened.GRANTED, started_ns=performer.clock.now_ns())


def given_up() -> News:
    """News of a step that an earlier program wanted, and never claimed."""
    return news(Happened.REFUSED, reason=f"{RESTARTED}, and had not claimed it")


def _found(performer: Performer, uid: str) -> WorkItem | None:
    query = WorklistQuery(performer.station.value, sop_instance_uid=uid)
    found = performer.manager.query(query)
    return next((item for item in found if item.sop_instance_uid == uid), None)
