"""Tells a broker what is known, for as long as there is one; and begins again when there is."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.adapters.mqtt.connection import Broker, Connection, LastWill, connected
from gateway.adapters.mqtt.events import EventOutbox
from gateway.adapters.mqtt.messages import Availability, encoded
from gateway.adapters.mqtt.state import RoomNow
from gateway.adapters.mqtt.topics import Topics
from gateway.domain.backoff import backoff_ns
from gateway.domain.errors import LinkError
from gateway.domain.units import NS_PER_S

ONLINE = encoded(Availability(state="online"))
OFFLINE = encoded(Availability(state="offline"))
DOUBLINGS = 5
"""A broker that is away is tried again after 1, 2, 4, 8, then every 16 s, give or take a fifth."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. A broker that has not taken a message within ``patience_s`` is left."""

    patience_s: float = 10.0
    state_period_s: float = 1.0
    proof_period_s: float = 10.0
    farewell_s: float = 2.0
    pause_s: Callable[[int], float] | None = None


@dataclass(slots=True)
class Counts:
    """What became of it all since the process started."""

    telemetry: int = 0
    states: int = 0
    connections: int = 0
    failures: int = 0
    connected: bool = False


class Publisher:
    """One connection after the other, each with a fresh client."""

    def __init__(
        self,
        broker: Broker,
        topics: Topics,
        now: RoomNow,
        events: EventOutbox,
        pace: Pace,
        announcements: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        self._broker = broker
        self._topics = topics
        self._now = now
        self._events = events
        self._pace = pace
        self._announcements = tuple(announcements)
        self.counts = Counts()

    async def run(self, stop: asyncio.Event) -> None:
        """Tell until ``stop``. Raises StoreError."""
        failures = 0
        while not stop.is_set():
            before = self.counts.connections
            try:
                await self._connection(stop)
            except LinkError as lost:
                failures = 1 if self.counts.connections > before else failures + 1
                self._note(failures, lost)
            finally:
                self.counts.connected = False
            if not stop.is_set():
                await _wait(stop, self._pause_s(failures))

    def _note(self, failures: int, lost: LinkError) -> None:
        self.counts.failures += 1
        if failures == 1:
            _log.warning("MQTT: %s; tried again until it answers", lost)
        else:
            _log.debug("MQTT: %s", lost)

    def _pause_s(self, failures: int) -> float:
        if self._pace.pause_s is not None:
            return self._pace.pause_s(failures)
        key = self._broker.client_id or self._topics.base
        return backoff_ns(min(max(failures, 1), DOUBLINGS), key) / NS_PER_S

    async def _connection(self, stop: asyncio.Event) -> None:
        will = LastWill(self._topics.availability, OFFLINE)
        async with connected(self._broker, will, self._pace.patience_s) as connection:
            self.counts.connections += 1
            self.counts.connected = True
            _log.info("MQTT: connected to %s", self._broker)
            await self._greet(connection)
            await self._until(stop, connection)
            connection.hurry(self._pace.farewell_s)
            await connection.publish(self._topics.availability, OFFLINE, qos=1, retain=True)

    async def _greet(self, connection: Connection) -> None:
        self._now.forget_samples()
        self._now.all_changed()
        for topic, payload in self._announcements:
            await connection.publish(topic, payload, qos=1, retain=True)

    async def _until(self, stop: asyncio.Event, connection: Connection) -> None:
        """Tell until ``stop``. Raises LinkLost, StoreError."""
        working = [
            asyncio.create_task(work, name=f"mqtt-{number}")
            for number, work in enumerate(
                (
                    stop.wait(),
                    connection.lost(),
                    self._tell_samples(connection),
                    self._tell_states(connection),
                    self._prove(connection),
                    self._events.tell(connection),
                )
            )
        ]
        try:
            done, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in working:
                one.cancel()
            await asyncio.wait(working)
            for one in working:
                if not one.cancelled():
                    one.exception()  # one was raised, the others are of no more interest

    async def _tell_samples(self, connection: Connection) -> None:
        while True:
            await connection.publish(self._topics.telemetry, await self._now.next_sample())
            self.counts.telemetry += 1

    async def _tell_states(self, connection: Connection) -> None:
        while True:
            for thing, state in self._now.changes():
                await connection.publish(self._topics.state(thing), encoded(state), retain=True)
                self.counts.states += 1
            await asyncio.sleep(self._pace.state_period_s)

    async def _prove(self, connection: Connection) -> None:
        """A broker that no longer reads is found out also when there is nothing to tell."""
        while True:
            await connection.publish(self._topics.availability, ONLINE, qos=1, retain=True)
            await asyncio.sleep(self._pace.proof_period_s)


async def _wait(stop: asyncio.Event, timeout_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await stop.wait()
