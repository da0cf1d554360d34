"""The record's events on their way to a broker: each once, in order, or marked as a repeat.

The record is the outbox: nothing is lost by an outage of any length. A broker that was killed may
have lost what it had acknowledged, so what was told in the last ``repeat_s`` of a connection is
told again to the next one, whenever that is.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.adapters.mqtt.connection import Connection
from gateway.adapters.mqtt.cursor import Cursor
from gateway.adapters.mqtt.messages import encoded
from gateway.adapters.mqtt.outgoing import outgoing
from gateway.adapters.mqtt.topics import Topics
from gateway.domain.units import NS_PER_S
from gateway.ports.clock import WallClock
from gateway.ports.store import StoredEvent

AT_ONCE = 50
LOOK_S = 1.0

EventsAfter = Callable[[int, int], Sequence[StoredEvent]]
"""At most so many events after a sequence, in order. It blocks; raises StoreError."""


@dataclass(slots=True)
class EventCounts:
    """Since the process started."""

    told: int = 0
    repeated: int = 0
    round_trip_s: float = 0.0


class EventOutbox:
    """Reads the record, tells, and keeps how far it came."""

    def __init__(
        self,
        events_after: EventsAfter,
        cursor: Cursor,
        topics: Topics,
        clock: WallClock,
        nudged: asyncio.Event,
        repeat_s: float,
    ) -> None:
        self._events_after = events_after
        self._cursor = cursor
        self._topics = topics
        self._clock = clock
        self._nudged = nudged
        self._repeat_s = repeat_s
        self._lost_ns: int | None = None
        self.counts = EventCounts()

    @property
    def acknowledged(self) -> int:
        """The last event that a broker has taken."""
        return self._cursor.acknowledged

    async def tell(self, connection: Connection) -> None:
        """Tell what has not been told, and what comes. Raises LinkLost, StoreError."""
        told, position = await asyncio.to_thread(self._beginning)
        try:
            while True:
                self._nudged.clear()
                batch = await asyncio.to_thread(self._batch, position)
                for event in batch:
                    await self._tell(connection, event, repeat=event.sequence <= told)
                if batch:
                    position = batch[-1].sequence
                    await asyncio.to_thread(self._cursor.acknowledge, position)
                else:
                    await _nudge(self._nudged)
        finally:
            if position >= told:  # else the next connection has the same to repeat
                self._lost_ns = self._clock.now_ns()

    def _beginning(self) -> tuple[int, int]:
        """The last event that may have been told, and the one after which to go on.

        When the connection before was lost is known of this process's own; of an earlier one's it
        is when it told something for the last time.
        """
        lost_ns = self._cursor.last_told_ns() if self._lost_ns is None else self._lost_ns
        since_ns = lost_ns - round(self._repeat_s * NS_PER_S) + 1
        return self._cursor.told(), self._cursor.first_since(since_ns) - 1

    def _batch(self, position: int) -> Sequence[StoredEvent]:
        """What to tell next, noted before it is told."""
        batch = self._events_after(position, AT_ONCE)
        if batch:
            sequences = [event.sequence for event in batch]
            self._cursor.telling(sequences, self._clock.now_ns(), self._repeat_s)
        return batch

    async def _tell(self, connection: Connection, event: StoredEvent, *, repeat: bool) -> None:
        loop = asyncio.get_running_loop()
        for topic, message in outgoing(event, self._topics, repeat=repeat):
            began_s = loop.time()
            await connection.publish(topic, encoded(message), qos=1)
            self.counts.round_trip_s = loop.time() - began_s
        if repeat:
            self.counts.repeated += 1
        else:
            self.counts.told += 1


async def _nudge(nudged: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LOOK_S):
            await nudged.wait()
