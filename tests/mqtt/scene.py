"""A room, its record and a publisher, without a room's process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gateway.adapters.clock import SystemClock
from gateway.adapters.mqtt.connection import Broker
from gateway.adapters.mqtt.cursor import Cursor
from gateway.adapters.mqtt.events import EventOutbox
from gateway.adapters.mqtt.publisher import Pace, Publisher
from gateway.adapters.mqtt.state import RoomNow
from gateway.adapters.mqtt.topics import Topics
from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.delivery import Interlock, MachineSample, MachineState
from gateway.domain.units import NS_PER_S
from gateway.formats.live_feed import LiveSample
from gateway.ports.clock import WallClock
from gateway.ports.store import Json, StoredEvent
from tests.node_service.waiting import until

ROOM = "bench"
LAYOUT = AxisLayout(
    (Axis.GANTRY, Axis.COLLIMATOR, Axis.COUCH_ROTATION, Axis.X1, Axis.X2, Axis.Y1, Axis.Y2),
    (("MLCX", 60),),
)
TOPICS = Topics("linac", "site", ROOM)
PERIOD_NS = 20_000_000
ENDED: dict[str, Json] = {
    "beam": 1, "name": "Phantom^EPID", "planned_mu": 20.0, "start_meterset_mu": 0.0,
    "end_meterset_mu": 12.5, "termination_status": "MACHINE", "termination_reason": "POSITION",
    "interlocks": ["POSITION"], "samples": 500, "lost_samples": 1,
    "started_ns": 1_000, "ended_ns": 2_000,
}  # fmt: skip


def live_sample(number: int, untold: int = 0) -> LiveSample:
    """The ``number``-th sample of a machine that reports every 20 ms; places tell the number."""
    places = np.arange(LAYOUT.size, dtype=np.int32) * 10 + number
    sample = MachineSample(
        sequence=number,
        machine_time_ns=number * PERIOD_NS,
        received_ns=SystemClock().now_ns(),
        state=MachineState.BEAM_ON,
        interlocks=Interlock.NONE,
        beam_number=1,
        program_s=number * 0.02,
        meterset_mu=number * 0.1,
        dose_rate_mu_per_min=300.0,
        positions=places,
    )
    return LiveSample(sample, places + 1, untold)


class FakeRecord:
    """Events in memory, as a store would give them."""

    def __init__(self) -> None:
        self.events: list[StoredEvent] = []

    def append(self, kind: str, **body: Json) -> None:
        sequence = len(self.events) + 1
        at_ns = 1_700_000_000 * NS_PER_S + sequence
        self.events.append(StoredEvent(sequence, "D-1", kind, at_ns, body, ""))

    def events_after(self, sequence: int, limit: int) -> list[StoredEvent]:
        return self.events[sequence : sequence + limit]


@dataclass
class Scene:
    """What the tests steer and look at."""

    now: RoomNow
    record: FakeRecord
    outbox: EventOutbox
    publisher: Publisher
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def append(self, kind: str, **body: Json) -> None:
        """An event, and the nudge that the feed gives."""
        self.record.append(kind, **body)
        self.now.event.set()

    async def acknowledged(self, sequence: int) -> None:
        """Wait until a broker has taken all events up to this one."""
        await until(lambda: self.outbox.acknowledged >= sequence)


@asynccontextmanager
async def telling(
    folder: Path,
    broker: Broker | int,
    *,
    pace: Pace | None = None,
    repeat_s: float = 120.0,
    record: FakeRecord | None = None,
    telemetry_hz: float = 50.0,
    announcements: tuple[tuple[str, bytes], ...] = (),
    pause_s: Callable[[int], float] = lambda _: 0.02,
    clock: WallClock | None = None,
) -> AsyncIterator[Scene]:
    """A publisher at work; it has ended well when the block has."""
    clock = SystemClock() if clock is None else clock
    now = RoomNow(ROOM, LAYOUT, clock, telemetry_hz, simulated=True)
    kept = FakeRecord() if record is None else record
    cursor = await asyncio.to_thread(Cursor, folder, 0)
    outbox = EventOutbox(kept.events_after, cursor, TOPICS, clock, now.event, repeat_s)
    where = Broker("127.0.0.1", broker) if isinstance(broker, int) else broker
    wanted = Pace(pause_s=pause_s) if pace is None else pace
    scene = Scene(now, kept, outbox, Publisher(where, TOPICS, now, outbox, wanted, announcements))
    running = asyncio.create_task(scene.publisher.run(scene.stop))
    try:
        yield scene
    finally:
        scene.stop.set()
        await running
        await asyncio.to_thread(cursor.close)
