"""The web's parts, put together for one room."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.clock import SystemClock
from gateway.adapters.web.access import LOOPBACK_NAMES, Person, Site, host_name, is_loopback
from gateway.adapters.web.hub import Hub
from gateway.adapters.web.live_updates import LiveUpdates
from gateway.adapters.web.parts import RoomControl, WebParts
from gateway.adapters.webstore.database import WebDatabase
from gateway.adapters.webstore.sessions import StoredSessions
from gateway.app.web.room_description import describe_room
from gateway.domain.room import Room
from gateway.settings import Settings, Web

FOLDER = "web"


@dataclass(frozen=True, slots=True)
class Assembled:
    """The parts of the adapter, and the database to close."""

    parts: WebParts
    database: WebDatabase


def assemble(settings: Settings, room: Room, people: Mapping[str, Person]) -> Assembled:
    """Open the database and put everything together. Raises StoreError. Within a loop's thread."""
    database = WebDatabase(web_folder(settings))
    hub, control = Hub(), RoomControl()
    parts = WebParts(
        site=site_of(settings.web),
        sessions=StoredSessions(database, people, SystemClock()),
        hub=hub,
        updates=LiveUpdates(hub, room.machine.layout, control.state),
        control=control,
        room=describe_room(room),
    )
    return Assembled(parts, database)


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
