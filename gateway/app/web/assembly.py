"""The web's parts, put together for one room."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.clock import SystemClock
from gateway.adapters.metrics.room_metrics import RoomMetrics
from gateway.adapters.web.access import LOOPBACK_NAMES, Person, Site, host_name, is_loopback
from gateway.adapters.web.hub import Hub
from gateway.adapters.web.live_updates import LiveUpdates
from gateway.adapters.web.parts import RoomControl, WebParts
from gateway.adapters.webstore.acknowledgements import AcknowledgementTable
from gateway.adapters.webstore.commands import CommandLedger
from gateway.adapters.webstore.database import WebDatabase
from gateway.adapters.webstore.plans import PlanTable
from gateway.adapters.webstore.requests import RequestTable
from gateway.adapters.webstore.sessions import StoredSessions
from gateway.app.web.alarm_list import AlarmList
from gateway.app.web.arming import Arming
from gateway.app.web.aside import Aside
from gateway.app.web.plan_library import PlanLibrary
from gateway.app.web.record_index import RecordIndex
from gateway.app.web.record_views import RecordViews
from gateway.app.web.request_queue import QueueParts, RequestQueue
from gateway.app.web.room_description import describe_room
from gateway.app.web.scrape import Scrape
from gateway.app.web.service_line import ServiceLine, Tell
from gateway.domain.room import Room
from gateway.settings import Settings, Web

FOLDER = "web"


@dataclass(frozen=True, slots=True)
class Assembled:
    """The parts of the adapter, what keeps them up to date, and the database to close."""

    parts: WebParts
    database: WebDatabase
    index: RecordIndex
    queue: RequestQueue
    alarms: AlarmList
    noticed: "Noticed"
    line: ServiceLine
    metrics: RoomMetrics


@dataclass(slots=True)
class Noticed:
    """What viewers are told to look at again when it changes."""

    alarms: int = 0
    record: int = 0
    queue: int = 0

    def state(self) -> Mapping[str, int]:
        """As viewers see it."""
        return {"alarms": self.alarms, "record": self.record, "queue": self.queue}


def assemble(
    settings: Settings,
    room: Room,
    people: Mapping[str, Person],
    aside: Aside,
    tell: Tell,
    reports: Path | None = None,
) -> Assembled:
    """Open the database and put everything together. Raises StoreError.

    ``reports`` is the folder where other processes write down what they count.
    """
    folder, clock = web_folder(settings), SystemClock()
    database = WebDatabase(folder)
    hub, control, noticed = Hub(), RoomControl(), Noticed()
    index, line = RecordIndex(settings), ServiceLine(tell)
    plans = PlanLibrary(folder, PlanTable(database), room, aside, clock)
    requests, arming = RequestTable(database), Arming(time.monotonic)
    queue = RequestQueue(
        QueueParts(settings, room, requests, plans, index, arming, control, line, clock)
    )
    alarms = AlarmList(index, AcknowledgementTable(database), clock)
    updates = LiveUpdates(hub, room.machine.layout, lambda: {**control.state(), **noticed.state()})
    scrape = Scrape(settings, index, alarms, requests, hub, lambda: updates.view.connected, reports)
    metrics = scrape.metrics(room.name)
    parts = WebParts(
        site=site_of(settings.web),
        sessions=StoredSessions(database, people, clock),
        hub=hub,
        updates=updates,
        control=control,
        room=describe_room(room),
        record=RecordViews(settings, index, aside),
        plans=plans,
        queue=queue,
        alarms=alarms,
        ledger=CommandLedger(database, clock),
        ready=scrape.amiss,
        metrics=metrics.exposition,
    )
    return Assembled(parts, database, index, queue, alarms, noticed, line, metrics)


def web_folder(settings: Settings) -> Path:
    """Where the dashboard keeps what is its own."""
    return settings.store / FOLDER


def site_of(web: Web) -> Site:
    """The names that the service answers to, and whether it can be reached from outside."""
    names = {host_name(name) for name in web.allowed_hosts}
    return Site(
        frozenset(LOOPBACK_NAMES | names | {web.host.lower()}),
        local=is_loopback(web.host),
        secure=web.certificate is not None,
    )
