"""The record, folded once and kept up to date by the events that were added."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from gateway.adapters.store import open_reader
from gateway.adapters.store.schema import DATABASE
from gateway.delivery.ledger import DeliveryEntry, fold
from gateway.domain.alarms import Alarm, alarm_of
from gateway.ports.store import StoredEvent
from gateway.settings import Settings

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class RaisedAlarm:
    """An alarm with the event that it is."""

    sequence: int
    sha256: str
    at_ns: int
    delivery_id: str
    beam: int | None
    alarm: Alarm


class RecordIndex:
    """Every delivery as it stands, and every alarm; :meth:`refresh` reads on. Threads may share it.

    Reading never writes the record. Every method may block and raises StoreError.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turn = threading.Lock()
        self._entries: dict[str, DeliveryEntry] = {}
        self._alarms: list[RaisedAlarm] = []
        self._last = 0

    @property
    def last(self) -> int:
        """The sequence of the newest event that was read."""
        return self._last

    def refresh(self) -> bool:
        """Read what was added; whether there was anything."""
        with self._turn:
            if not (self._settings.store / DATABASE).is_file():
                return False
            before = self._last
            with closing(open_reader(self._settings.store)) as store:
                changed: dict[str, None] = {}
                while events := store.events_after(self._last, AT_ONCE):
                    for event in events:
                        changed[event.delivery_id] = None
                        self._raise_alarm(event)
                    self._last = events[-1].sequence
                for delivery_id in changed:
                    entry = fold(store.events(delivery_id))
                    if entry is not None:
                        self._entries[delivery_id] = entry
            return self._last != before

    def entries(self) -> Mapping[str, DeliveryEntry]:
        """Every delivery by its id, oldest first, as it is now."""
        self.refresh()
        with self._turn:
            return dict(self._entries)

    def alarms(self) -> Sequence[RaisedAlarm]:
        """Every alarm, oldest first, as it is now."""
        self.refresh()
        with self._turn:
            return tuple(self._alarms)

    def _raise_alarm(self, event: StoredEvent) -> None:
        alarm = alarm_of(event.kind, event.body)
        if alarm is not None:
            beam = event.body.get("beam")
            number = beam if isinstance(beam, int) else None
            self._alarms.append(
                RaisedAlarm(
                    event.sequence, event.sha256, event.at_ns, event.delivery_id, number, alarm
                )
            )
