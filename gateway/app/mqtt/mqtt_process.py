"""The MQTT process: hears the room by its feed and its record, and tells a broker.

``STORE CONFIG ROOM SOCKET``; it listens for the room's process at ``SOCKET`` and keeps its
counters in ``mqtt.json`` beside it. Ready once it listens; it ends with its input. It reads
nothing else, and nothing that a broker sends has any effect.
"""

import asyncio
import logging
import sys
from contextlib import AsyncExitStack, aclosing, closing
from dataclasses import replace
from pathlib import Path

from gateway.adapters.clock import SystemClock
from gateway.adapters.live.feed import Feed, RoomHeard
from gateway.adapters.metrics.report import ReportFile
from gateway.adapters.mqtt.address import Credentials, broker_at
from gateway.adapters.mqtt.connection import Broker
from gateway.adapters.mqtt.cursor import Cursor
from gateway.adapters.mqtt.discovery import announcements
from gateway.adapters.mqtt.embedded import embedded_broker
from gateway.adapters.mqtt.events import EventOutbox
from gateway.adapters.mqtt.publisher import Pace, Publisher
from gateway.adapters.mqtt.state import RoomNow
from gateway.adapters.mqtt.topics import Topics
from gateway.app.intake import find_room
from gateway.app.mqtt.record import Record
from gateway.app.node.child_main import run_child, tell, when_input_ends
from gateway.domain.errors import ConfigError, StoreError
from gateway.domain.room import Room
from gateway.settings import Mqtt, Settings, load_settings
from gateway.turns import stand_back

FOLDER = "mqtt"
REPORT_PERIOD_S = 1.0

_log = logging.getLogger(__name__)


def work(arguments: list[str]) -> None:
    """Tell until the input ends. Raises ConfigError, StoreError."""
    stand_back()
    store, config, name, path = arguments
    settings = load_settings(Path(config) if config else None, Path(store))
    if settings.mqtt is None:
        raise ConfigError("MQTT: no broker is named; set url in [mqtt]")
    room = find_room(settings, name)
    topics = Topics(settings.mqtt.root, settings.mqtt.site, name)
    broker, embedded = _broker(settings.mqtt, topics)
    record = Record(settings.store)
    with closing(record), closing(Cursor(settings.store / FOLDER, record.newest())) as cursor:
        if not record.holds(cursor.told()):
            _log.warning("the record ends before what was told: it is told from its end on")
            cursor.begin_at(record.newest())
        process = _Process(settings, settings.mqtt, room, topics, record, cursor)
        asyncio.run(process.run(broker, Path(path), embedded=embedded))


def _broker(wishes: Mqtt, topics: Topics) -> tuple[Broker, bool]:
    credentials = Credentials(
        wishes.user, wishes.password_file, wishes.authorities, wishes.certificate, wishes.key
    )
    client_id = topics.base.replace("/", "-")
    return broker_at(wishes.url, credentials, client_id)


class _Process:
    def __init__(
        self,
        settings: Settings,
        wishes: Mqtt,
        room: Room,
        topics: Topics,
        record: Record,
        cursor: Cursor,
    ) -> None:
        self._wishes = wishes
        self._room = room
        self._topics = topics
        self._record = record
        self._cursor = cursor
        self._settings = settings

    async def run(self, broker: Broker, path: Path, *, embedded: bool) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        when_input_ends(lambda: loop.call_soon_threadsafe(stop.set))
        async with AsyncExitStack() as stack:
            if embedded:
                port = await stack.enter_async_context(embedded_broker(broker.host, broker.port))
                broker = replace(broker, port=port)
            now, publisher, outbox = self._parts(broker)
            feed = await stack.enter_async_context(Feed(path, self._room.machine.layout))
            tell({"ready": True, "broker": str(broker)})
            report = _Report(path.parent / "mqtt.json", now, publisher, outbox, self._record)
            hearing = [
                asyncio.create_task(_hear(feed, now), name="hear"),
                asyncio.create_task(report.run(), name="report"),
                asyncio.create_task(publisher.run(stop), name="publish"),
            ]
            try:
                await asyncio.wait(hearing, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in hearing:
                    task.cancel()
                await asyncio.wait(hearing)
            for task in hearing:
                if not task.cancelled():
                    task.result()

    def _parts(self, broker: Broker) -> tuple[RoomNow, Publisher, EventOutbox]:
        wishes, clock = self._wishes, SystemClock()
        now = RoomNow(
            self._room.name,
            self._room.machine.layout,
            clock,
            wishes.telemetry_hz,
            simulated=self._room.simulated,
        )
        outbox = EventOutbox(
            self._record.events_after, self._cursor, self._topics, clock, now.event, wishes.repeat_s
        )
        announced = announcements(self._topics, wishes.discovery_prefix) if wishes.discovery else ()
        pace = Pace(patience_s=wishes.patience_s)
        return now, Publisher(broker, self._topics, now, outbox, pace, announced), outbox


async def _hear(feed: Feed, now: RoomNow) -> None:
    async with aclosing(aiter(feed)) as items:
        async for heard in items:
            if isinstance(heard, RoomHeard):
                now.feed(connected=heard.connected)
            else:
                now.note(heard)


class _Report:
    """Writes the counters down once a second."""

    def __init__(
        self, file: Path, now: RoomNow, publisher: Publisher, outbox: EventOutbox, record: Record
    ) -> None:
        self._file = ReportFile(file)
        self._now = now
        self._publisher = publisher
        self._outbox = outbox
        self._record = record

    async def run(self) -> None:
        """Until cancelled; what cannot be written down now is, later."""
        failing = False
        while True:
            try:
                newest = await asyncio.to_thread(self._record.newest)
                await asyncio.to_thread(self._file.write, self._values(newest))
                failing = False
            except (StoreError, OSError) as problem:
                if not failing:
                    _log.error("MQTT: its counts cannot be written down: %s", problem)
                failing = True
            await asyncio.sleep(REPORT_PERIOD_S)

    def _values(self, newest: int) -> dict[str, float]:
        now, counts, events = self._now, self._publisher.counts, self._outbox.counts
        return {
            "connected": float(counts.connected),
            "connections_total": counts.connections,
            "failures_total": counts.failures,
            "telemetry_published_total": counts.telemetry,
            "telemetry_dropped_total": now.dropped,
            "states_published_total": counts.states,
            "events_published_total": events.told,
            "events_repeated_total": events.repeated,
            "event_backlog": max(newest - self._outbox.acknowledged, 0),
            "round_trip_seconds": events.round_trip_s,
            "samples_total": now.samples,
            "untold_samples_total": now.untold,
        }


if __name__ == "__main__":
    sys.exit(run_child(work))
