"""What the room has told so far, folded into how it stands now."""

from dataclasses import dataclass, field
from typing import Any

from gateway.formats.live_feed import (
    LiveBeam,
    LiveCouch,
    LiveEvent,
    LiveFrame,
    LiveLink,
    LiveSample,
    Message,
)

IDLE = "idle"
_PHASES = {
    "intent": "connecting",
    "connected": "connected",
    "beam-intent": "preparing",
    "read-back": "read back",
    "armed": "armed",
    "beam-on": "beam on",
    "hold": "held",
    "resume": "beam on",
    "terminate": "terminating",
    "beam-end": "beam ended",
    "end": "judging",
    "verdict": IDLE,
    "refused": IDLE,
}
"""What the record's events say about the delivery; others change nothing."""


@dataclass(slots=True)
class LiveView:
    """Pure: messages in, state out.

    ``phase`` is where the delivery stands, ``last_delivery_id`` the one that was told of last.
    ``untold`` counts samples that the feed lost.
    """

    connected: bool = False
    links: dict[str, str] = field(default_factory=dict)
    delivery_id: str | None = None
    last_delivery_id: str | None = None
    phase: str = IDLE
    event: LiveEvent | None = None
    beam: LiveBeam | None = None
    couch: LiveCouch | None = None
    frame: LiveFrame | None = None
    untold: int = 0

    def take(self, message: Message) -> None:
        """Fold a message in."""
        match message:
            case LiveSample():
                self.untold += message.untold
            case LiveLink(device, state):
                self.links[device] = state
            case LiveEvent():
                self._take_event(message)
            case LiveBeam():
                self.beam = message
            case LiveCouch():
                self.couch = message
            case LiveFrame():
                self.frame = message

    def set_connected(self, connected: bool) -> None:
        """The room's process speaks, or is gone; links and what was delivered end with it."""
        self.connected = connected
        if not connected:
            self.links.clear()
            self.event = None
            self.rest()

    def rest(self) -> None:
        """Nothing is delivered, whatever the record's last event was."""
        self.phase, self.delivery_id = IDLE, None

    def state(self) -> dict[str, Any]:
        """Everything small, as viewers get it."""
        beam, event = self.beam, self.event
        return {
            "connected": self.connected,
            "delivery_id": self.delivery_id,
            "last_delivery_id": self.last_delivery_id,
            "phase": self.phase,
            "links": dict(self.links),
            "beam": None if beam is None else _beam(beam),
            "event": None
            if event is None
            else {"sequence": event.sequence, "kind": event.kind, "at_ns": event.at_ns},
            "untold": self.untold,
        }

    def _take_event(self, event: LiveEvent) -> None:
        if self.event is not None and event.sequence <= self.event.sequence:
            return
        self.event = event
        if event.delivery_id != self.last_delivery_id:
            self.last_delivery_id = event.delivery_id
            self.beam = self.frame = None
        self.phase = _PHASES.get(event.kind, self.phase)
        self.delivery_id = None if self.phase == IDLE else event.delivery_id


def _beam(beam: LiveBeam) -> dict[str, Any]:
    return {
        "number": beam.beam_number,
        "name": beam.beam_name,
        "start_meterset_mu": beam.start_meterset_mu,
        "end_meterset_mu": beam.end_meterset_mu,
        "duration_s": beam.duration_s,
        "maximum_dose_rate_mu_per_min": beam.maximum_dose_rate_mu_per_min,
    }
