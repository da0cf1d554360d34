"""Alarms: what the record's events say a person should see, and who has seen it."""

from collections.abc import Mapping
from typing import Any

from gateway.adapters.web.access import Person
from gateway.adapters.web.problems import not_found
from gateway.adapters.webstore.acknowledgements import Acknowledged, AcknowledgementTable
from gateway.app.records import utc
from gateway.app.web.record_index import RaisedAlarm, RecordIndex
from gateway.ports.clock import WallClock


class AlarmList:
    """Implements :class:`gateway.adapters.web.backend.Alarms`.

    An alarm's name is its event's number; what was acknowledged is kept by the event's hash, which
    no event of a record put in its place has too.
    """

    def __init__(self, index: RecordIndex, table: AcknowledgementTable, clock: WallClock) -> None:
        self._index = index
        self._table = table
        self._clock = clock

    def alarms(self, limit: int, *, only_open: bool) -> Mapping[str, Any]:
        """See the port."""
        seen = self._table.all()
        raised = self._index.alarms()
        opened = [one for one in raised if one.sha256 not in seen]
        shown = opened if only_open else raised
        newest = list(reversed(shown))[:limit]
        rows = [_row(one, seen.get(one.sha256)) for one in newest]
        return {"open": len(opened), "items": rows}

    def open(self) -> int:
        """How many nobody has acknowledged."""
        seen = self._table.all()
        return sum(one.sha256 not in seen for one in self._index.alarms())

    def acknowledge(self, alarm: str, note: str, person: Person) -> Mapping[str, Any]:
        """See the port."""
        raised = next((one for one in self._index.alarms() if str(one.sequence) == alarm), None)
        if raised is None:
            raise not_found("alarm")
        self._table.add(raised.sha256, Acknowledged(person.name, note, self._clock.now_ns()))
        return _row(raised, self._table.all()[raised.sha256])


def _row(raised: RaisedAlarm, seen: Acknowledged | None) -> Mapping[str, Any]:
    return {
        "alarm": str(raised.sequence),
        "at": utc(raised.at_ns),
        "at_ns": raised.at_ns,
        "severity": "error" if raised.alarm.error else "warning",
        "code": raised.alarm.code,
        "text": raised.alarm.text,
        "delivery_id": raised.delivery_id,
        "beam": raised.beam,
        "acknowledged_by": None if seen is None else seen.by,
        "acknowledged_at": None if seen is None else utc(seen.at_ns),
        "note": "" if seen is None else seen.note,
    }
