"""The process as ``serve`` starts it: a room tells by the feed and the record, a broker is told."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from gateway.adapters.metrics.report import ReportFile
from gateway.adapters.store import open_store
from gateway.app.intake import find_room
from gateway.app.node.children import Child
from gateway.domain.errors import LinkLost
from gateway.domain.room import Room
from gateway.formats.live_feed import LiveEvent, LiveLink, LiveSample, encode
from gateway.ports.store import StoredEvent
from gateway.settings import load_settings
from tests.mqtt.scene import live_sample
from tests.mqtt.subscriber import subscriber
from tests.node_service.waiting import until

NAME = "truebeam-m120"
ROOM: Room = find_room(load_settings(None), NAME)


@asynccontextmanager
async def process(store: Path, mqtt: str) -> AsyncIterator[tuple[Child, Path]]:
    """The process, and where it listens for the room's."""
    with TemporaryDirectory(prefix="lg-") as made:  # a socket's path has a hundred bytes
        config, feed = Path(made) / "settings.toml", Path(made) / "live-mqtt"
        await asyncio.to_thread(config.write_text, mqtt)
        arguments = (str(store), str(config), NAME, str(feed))
        child = Child("mqtt", "gateway.app.mqtt.mqtt_process", arguments, print)
        try:
            await child.start()
            yield child, feed
        finally:
            await child.stop()


async def test_a_room_is_told_by_a_broker_of_our_own(tmp_path: Path) -> None:
    store = tmp_path / "store"
    settings = '[mqtt]\nurl = "embedded:0"\nsite = "test"\ndiscovery = true\n'
    async with process(store, settings) as (child, feed):
        port = int(child.ready["broker"].rpartition(":")[2])
        with await asyncio.to_thread(lambda: subscriber(port)) as ear:
            stored = await asyncio.to_thread(recorded, store)
            with room_at(feed) as room:
                room.send(encode(LiveLink("linac", "ready")))
                room.send(encode(LiveEvent(stored.sequence, "D-1", stored.kind, 1_000)))
                for number in range(5):
                    room.send(encode(sample(number)))
                await until(lambda: len(ear.of("/telemetry")) == 5)
                await until(lambda: len(ear.of("/event")) == 1)
                await until(lambda: any(one["links"] for one in ear.of("/room/state")))
                counted = await asyncio.to_thread(counts_once_told, feed)
            await until(lambda: ear.of("/room/state")[-1]["feed"] == "disconnected")
    assert (counted["samples_total"], counted["telemetry_dropped_total"]) == (5, 0)
    assert (counted["connected"], counted["event_backlog"]) == (1, 0)
    assert ear.of("/availability")[-1]["state"] == "online"
    assert any(one.topic.startswith("homeassistant/sensor/") for one in ear.heard)
    assert {one.topic.split("/")[2] for one in ear.heard if "/v1/" in one.topic} == {"test"}


async def test_settings_without_a_broker_end_it_at_once(tmp_path: Path) -> None:
    with pytest.raises(LinkLost, match="ended with 3 before it was ready"):
        async with process(tmp_path / "store", ""):
            pass


def counts_once_told(feed: Path) -> Mapping[str, float]:
    """What the process counts, once it has counted the event."""
    report, never = ReportFile(feed.parent / "mqtt.json"), threading.Event()
    while not (counts := report.read() or {}).get("events_published_total"):
        never.wait(0.02)
    return counts


def recorded(store: Path) -> StoredEvent:
    """An event in the room's record."""
    with closing(open_store(store)) as record:
        return asyncio.run(record.append("D-1", "beam-on", {"beam": 1}, 1_000))


def room_at(feed: Path) -> socket.socket:
    """The end of the feed that is the room's."""
    room = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    room.connect(str(feed))
    room.settimeout(60.0)
    return room


def sample(number: int) -> LiveSample:
    """A sample of the room's machine."""
    places = np.zeros(ROOM.machine.layout.size, dtype=np.int32)
    return LiveSample(replace(live_sample(number).sample, positions=places), places, 0)
