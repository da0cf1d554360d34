"""The two state tables of a delivery: the link to a device, and the beam.

Each table is the whole truth about what may follow what; :func:`step` refuses everything else.
Their diagrams and invariants are in ``docs/states.md``.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from gateway.domain.errors import LocalProtocolError


class LinkState(StrEnum):
    """Where a device's link stands."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    NEGOTIATING = "negotiating"
    READY = "ready"
    BACKOFF = "backoff"
    CLOSED = "closed"


class LinkEvent(StrEnum):
    """What moves a link."""

    CONNECT = "connect"
    OPENED = "opened"
    WELCOMED = "welcomed"
    FAILED = "failed"
    RETRY = "retry"
    CLOSE = "close"


class DeliveryState(StrEnum):
    """Where the delivery of a beam stands."""

    IDLE = "idle"
    LOADED = "loaded"
    PREPARED = "prepared"
    BEAM_ON = "beam-on"
    HELD = "held"
    COMPLETE = "complete"
    TERMINATED = "terminated"
    FAULT = "fault"


class DeliveryEvent(StrEnum):
    """What moves the delivery of a beam."""

    LOAD = "load"
    PREPARE = "prepare"
    BEAM_ON = "beam-on"
    HOLD = "hold"
    RESUME = "resume"
    COMPLETE = "complete"
    TERMINATE = "terminate"
    FAULT = "fault"
    UNLOAD = "unload"


LINK_TABLE: Mapping[tuple[LinkState, LinkEvent], LinkState] = {
    (LinkState.DISCONNECTED, LinkEvent.CONNECT): LinkState.CONNECTING,
    (LinkState.CONNECTING, LinkEvent.OPENED): LinkState.NEGOTIATING,
    (LinkState.CONNECTING, LinkEvent.FAILED): LinkState.BACKOFF,
    (LinkState.NEGOTIATING, LinkEvent.WELCOMED): LinkState.READY,
    (LinkState.NEGOTIATING, LinkEvent.FAILED): LinkState.BACKOFF,
    (LinkState.READY, LinkEvent.FAILED): LinkState.BACKOFF,
    (LinkState.BACKOFF, LinkEvent.RETRY): LinkState.CONNECTING,
    **{
        (state, LinkEvent.CLOSE): LinkState.CLOSED
        for state in LinkState
        if state is not LinkState.CLOSED
    },
}

_LIVE = (
    DeliveryState.LOADED,
    DeliveryState.PREPARED,
    DeliveryState.BEAM_ON,
    DeliveryState.HELD,
)

DELIVERY_TABLE: Mapping[tuple[DeliveryState, DeliveryEvent], DeliveryState] = {
    (DeliveryState.IDLE, DeliveryEvent.LOAD): DeliveryState.LOADED,
    (DeliveryState.LOADED, DeliveryEvent.PREPARE): DeliveryState.PREPARED,
    (DeliveryState.PREPARED, DeliveryEvent.BEAM_ON): DeliveryState.BEAM_ON,
    (DeliveryState.BEAM_ON, DeliveryEvent.HOLD): DeliveryState.HELD,
    (DeliveryState.HELD, DeliveryEvent.HOLD): DeliveryState.HELD,
    (DeliveryState.HELD, DeliveryEvent.RESUME): DeliveryState.BEAM_ON,
    (DeliveryState.BEAM_ON, DeliveryEvent.COMPLETE): DeliveryState.COMPLETE,
    (DeliveryState.HELD, DeliveryEvent.COMPLETE): DeliveryState.COMPLETE,
    **{(state, DeliveryEvent.TERMINATE): DeliveryState.TERMINATED for state in _LIVE},
    **{(state, DeliveryEvent.FAULT): DeliveryState.FAULT for state in _LIVE},
    **{
        (state, DeliveryEvent.UNLOAD): DeliveryState.IDLE
        for state in (
            DeliveryState.COMPLETE,
            DeliveryState.TERMINATED,
            DeliveryState.FAULT,
            DeliveryState.LOADED,
            DeliveryState.PREPARED,
        )
    },
}

S = TypeVar("S", LinkState, DeliveryState)
E = TypeVar("E", LinkEvent, DeliveryEvent)


def step(table: Mapping[tuple[S, E], S], state: S, event: E) -> S:
    """The state after ``event``. Raises LocalProtocolError where the table has no entry."""
    try:
        return table[(state, event)]
    except KeyError:
        raise LocalProtocolError(f"{event} is not possible while {state}") from None
