"""What the web adapter is given: everything that it shows and asks for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.adapters.web.access import Sessions, Site
from gateway.adapters.web.backend import Alarms, Ledger, Plans, Queue, Record
from gateway.adapters.web.hub import Hub
from gateway.adapters.web.live_updates import LiveUpdates

Exposition = Callable[[], tuple[bytes, str]]
"""Content and media type of ``/metrics``; may block."""


@dataclass(slots=True)
class RoomControl:
    """Who holds control of the room, as ``serve`` told last."""

    busy: bool = False
    item: str = ""
    by: tuple[str, ...] = ()

    def state(self) -> Mapping[str, Any]:
        """As viewers see it."""
        return {"busy": self.busy, "item": self.item or None, "held_by": list(self.by)}


@dataclass(frozen=True, slots=True)
class WebParts:
    """Everything behind the API. ``room`` describes the room, ``ready`` says what is amiss."""

    site: Site
    sessions: Sessions
    hub: Hub
    updates: LiveUpdates
    control: RoomControl
    room: Mapping[str, Any]
    record: Record
    plans: Plans
    queue: Queue
    alarms: Alarms
    ledger: Ledger
    ready: Callable[[], Sequence[str]] = field(default=tuple)
    metrics: Exposition | None = None
