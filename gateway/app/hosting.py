"""Drivers by protocol name, and simulated rooms hosted in this process."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import EntryPoints, distributions
from pathlib import Path
from typing import Any

from gateway.adapters.streams.memory import memory_pair
from gateway.adapters.streams.url import stream_opener
from gateway.delivery.order import DeviceFactory, Devices
from gateway.domain.errors import ConfigError, ConnectFailed
from gateway.domain.room import Link, Room
from gateway.ports.simulation import DEVICES, SimulatedRoom, SimulatedRoomFactory
from gateway.ports.stream import ByteStream, StreamOpener

MEMORY = "memory:"


def links(room: Room) -> Mapping[str, Link]:
    """The room's links by device name."""
    return {"linac": room.linac_link, "couch": room.couch_link, "imager": room.imager_link}


def is_in_process(room: Room) -> bool:
    """Whether every link is a memory stream. Raises ConfigError for a mixture."""
    inside = {link.url == MEMORY for link in links(room).values()}
    if len(inside) != 1:
        raise ConfigError(
            f"room {room.name}: either all links are {MEMORY!r} or none is: "
            + ", ".join(f"{name} is {link.url}" for name, link in links(room).items())
        )
    return inside.pop()


def load_driver(kind: str, protocol: str) -> Any:
    """The driver class for a protocol. Raises ConfigError naming those installed."""
    found = _installed().select(group=f"linac_gateway.drivers.{kind}")
    if protocol not in found.names:
        known = ", ".join(sorted(found.names)) or "none"
        raise ConfigError(f"no driver for {kind} protocol {protocol!r}; installed: {known}")
    return found[protocol].load()


def load_drivers(room: Room) -> Mapping[str, Any]:
    """The driver classes of a room's links; imports them, so not while a loop runs."""
    return {name: load_driver(name, link.protocol) for name, link in links(room).items()}


def device_factory(
    room: Room, drivers: Mapping[str, Any], openers: Mapping[str, StreamOpener]
) -> DeviceFactory:
    """Makes the room's drivers over the given streams."""

    def make() -> Devices:
        made = {name: drivers[name](openers[name], room) for name in DEVICES}
        return Devices(made["linac"], made["couch"], made["imager"])

    return make


def url_openers(room: Room) -> Mapping[str, StreamOpener]:
    """Openers for links that leave the process."""
    timeout_s = room.bounds.connect_timeout_s
    return {name: stream_opener(link.url, timeout_s) for name, link in links(room).items()}


def make_simulated_room(
    room: Room,
    *,
    seed: int,
    faults: Sequence[str],
    state_dir: Path,
    images_apart: bool = False,
    logs: Path | None = None,
) -> SimulatedRoom:
    """The simulated devices of a room; imports and opens files, so not while a loop runs.

    ``images_apart``: slow work is done in another process. Raises ConfigError for an unknown
    fault.
    """
    found = _installed().select(group="linac_gateway.simulators")
    if "room" not in found.names:
        raise ConfigError("no simulated room is installed")
    factory: SimulatedRoomFactory = found["room"].load()
    return factory(
        room, seed=seed, faults=faults, state_dir=state_dir, images_apart=images_apart, logs=logs
    )


@asynccontextmanager
async def hosted(simulated: SimulatedRoom) -> AsyncIterator[Mapping[str, StreamOpener]]:
    """Let a simulated room live in this loop; gives openers of memory streams to its devices."""
    serving: set[asyncio.Task[None]] = set()

    def opener(device: str) -> StreamOpener:
        async def open_memory() -> ByteStream:
            if living.done():
                raise ConnectFailed(f"the simulated {device} is gone")
            ours, theirs = memory_pair()
            task = asyncio.create_task(simulated.serve(device, theirs))
            serving.add(task)
            return ours

        return open_memory

    living = asyncio.create_task(simulated.run())
    try:
        yield {device: opener(device) for device in DEVICES}
    finally:
        tasks = (living, *serving)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await asyncio.to_thread(simulated.close)
    for task in tasks:
        if not task.cancelled():
            task.result()


@cache
def _installed() -> EntryPoints:
    """Every entry point of this environment: finding them reads a file for each package."""
    return EntryPoints(entry for package in distributions() for entry in package.entry_points)
