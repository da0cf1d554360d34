"""What comes next of a step, given how far it is and what happened. Pure.

The way of a treatment: wanted, claiming, claimed, delivering, delivered, settling, reporting,
closing, completed. A claim is made once, a delivery is begun once, and a step that was claimed
comes to its final state, or is lost to this node.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from gateway.adapters.nodestore.steps import ENDS, Phase, Step
from gateway.domain.backoff import backoff_ns
from gateway.domain.worklist import StepState

RESTARTED = "the treatment device was restarted before the beam"


class Happened(StrEnum):
    """What can happen to a step."""

    WAITS = "it cannot get on now, and is tried again"
    FIT = "it can be performed here"
    UNFIT = "it cannot be performed here"
    GRANTED = "the claim is granted"
    REFUSED = "the claim is refused, or never arrived"
    READY = "everything is there and as it should be"
    STOPPED = "it is not to be delivered"
    ENDED = "the delivery has ended"
    NOT_BEGUN = "nothing was delivered"
    QUEUED = "its objects are in the outbox"
    SETTLED = "its objects are kept elsewhere, or are not waited for"
    TOLD = "the manager knows what was performed"
    COMPLETED = "the manager has it as COMPLETED"
    CANCELED = "the manager has it as CANCELED"
    GONE = "the manager takes no more of it from this node"


_H = Happened
NEXT: Mapping[tuple[Phase, Happened], Phase] = {
    (Phase.WANTED, _H.FIT): Phase.CLAIMING,
    (Phase.WANTED, _H.UNFIT): Phase.NOT_CLAIMED,
    (Phase.CLAIMING, _H.GRANTED): Phase.CLAIMED,
    (Phase.CLAIMING, _H.REFUSED): Phase.NOT_CLAIMED,
    (Phase.CLAIMED, _H.READY): Phase.DELIVERING,
    (Phase.CLAIMED, _H.STOPPED): Phase.REPORTING,
    (Phase.DELIVERING, _H.ENDED): Phase.DELIVERED,
    (Phase.DELIVERING, _H.NOT_BEGUN): Phase.REPORTING,
    (Phase.DELIVERED, _H.QUEUED): Phase.SETTLING,
    (Phase.SETTLING, _H.SETTLED): Phase.REPORTING,
    (Phase.REPORTING, _H.TOLD): Phase.CLOSING,
    (Phase.REPORTING, _H.GONE): Phase.LOST,
    (Phase.CLOSING, _H.COMPLETED): Phase.COMPLETED,
    (Phase.CLOSING, _H.CANCELED): Phase.CANCELED,
    (Phase.CLOSING, _H.GONE): Phase.LOST,
} | {(phase, _H.WAITS): phase for phase in Phase if phase not in ENDS}
"""Phases by phase and what happened; a pair that is not here cannot be."""


@dataclass(frozen=True, slots=True)
class News:
    """What happened, and what is known since: values of :class:`Step`'s fields."""

    happened: Happened
    known: Mapping[str, Any]


def news(happened: Happened, **known: Any) -> News:
    """Shorthand."""
    return News(happened, known)


def advanced(step: Step, what: News, now_ns: int) -> Step:
    """The step after ``what``. Raises ValueError for what cannot happen to it now."""
    following = NEXT.get((step.phase, what.happened))
    if following is None:
        raise ValueError(f"a step that is {step.phase} cannot be told: {what.happened}")
    known = replace(step, **what.known, phase=following, changed_ns=now_ns)
    if what.happened is Happened.WAITS:
        tries = step.tries + 1
        next_try_ns = now_ns + backoff_ns(tries, step.sop_instance_uid)
        return replace(known, changed_ns=step.changed_ns, tries=tries, next_try_ns=next_try_ns)
    return replace(known, waiting="", tries=0, next_try_ns=0)


def stopped(reason: str, now_ns: int, **known: Any) -> News:
    """News that a claimed step is not to be delivered."""
    return news(_H.STOPPED, final=StepState.CANCELED.value, reason=reason, ended_ns=now_ns, **known)


def closed(state: StepState) -> News:
    """News that the manager has the step in a final state."""
    return news(_H.COMPLETED if state is StepState.COMPLETED else _H.CANCELED)
