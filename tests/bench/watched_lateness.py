"""How late 20 ms samples come while fifty look on, ten of whom never read, and a broker neither.

The whole service in real time, the devices in a process of their own: one arc before nobody, one
before all of them. Beside is what counts: the ratio says whether watching touches control.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import numpy as np

from gateway.adapters.store.folders import delivery_folder
from gateway.delivery.beam_end import telemetry_file
from gateway.domain.units import NS_PER_S, FloatArray
from gateway.formats.telemetry_parquet import read_telemetry
from tests.bench.figure import Better, Figure
from tests.bench.plans import MACHINE, generated_plan
from tests.bench.processes import beside
from tests.e2e.processes import devices
from tests.mqtt.fake_broker import fake_broker
from tests.node_service.serving import free_port, site_with_node
from tests.web.operating import Operated, operated

READERS, STALLED = 40, 10
FRAMES_PER_S = 10.0
BEAM = 1
MQTT = '[mqtt]\nurl = "mqtt://127.0.0.1:{port}"\nsite = "bench"\n'


def watched_lateness_figures(folder: Path) -> Iterator[Figure]:
    """The ratio of p99 and p50, watched to unwatched; lost samples as context."""
    for name in ("alone", "watched"):
        (folder / name).mkdir(parents=True)
    alone = asyncio.run(_alone(folder / "alone"))
    watched = asyncio.run(_watched(folder / "watched"))
    for percent in (50, 99):
        bare, seen = (float(np.percentile(late, percent)) for late in (alone, watched))
        yield Figure(
            f"lateness of 20 ms samples before {READERS + STALLED} viewers and a stalled broker, "
            f"p{percent}, beside before nobody",
            seen / bare,
            "1",
            Better.LOWER,
            None,
            {
                "watched_ms": seen,
                "alone_ms": bare,
                "watched_maximum_ms": float(watched.max()),
                "alone_maximum_ms": float(alone.max()),
                "samples": int(watched.size),
            },
        )


async def _alone(folder: Path) -> FloatArray:
    async with _room(folder, "") as room:
        return await _late_ms(room)


async def _watched(folder: Path) -> FloatArray:
    async with AsyncExitStack() as stack:
        broker, port = await stack.enter_async_context(fake_broker())
        broker.reads = False
        room = await stack.enter_async_context(_room(folder, MQTT.format(port=port)))
        crowd = (str(room.port), str(READERS), str(STALLED))
        process = stack.enter_context(beside("crowd_process", *crowd))
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)
        return await _late_ms(room)


@asynccontextmanager
async def _room(folder: Path, more: str) -> AsyncIterator[Operated]:
    """The service, with its devices in a process of their own."""
    site_with_node(folder, MACHINE, free_port())
    there = devices(folder, MACHINE, folder / "site")
    links = (await asyncio.to_thread(there.__enter__)).links
    try:
        with links.open("a") as file:
            file.write(f"[web]\nport = 0\n{more}")
        async with operated(folder, links, MACHINE) as room:
            yield room
    finally:
        await asyncio.to_thread(there.__exit__, None, None, None)


async def _late_ms(room: Operated) -> FloatArray:
    """How much later than the quickest each sample of an arc came."""
    plan = await asyncio.to_thread(generated_plan, room.service.store.parent, "vmat")
    item = await room.armed(plan, [BEAM], FRAMES_PER_S)
    await room.begun(item)
    delivery_id = await room.delivered(item)
    (beam,) = (await room.get(f"/deliveries/{delivery_id}"))["beams"]
    if beam["termination_status"] != "NORMAL":
        raise RuntimeError(f"the beam ended {beam['termination_status']}")
    file = delivery_folder(room.service.store, delivery_id) / telemetry_file(BEAM)
    telemetry = read_telemetry(file.read_bytes())
    if np.any(np.diff(telemetry.sequence) != 1):
        raise RuntimeError("samples were lost")
    lag_ms = (telemetry.received_ns - telemetry.machine_time_ns) * 1e3 / NS_PER_S
    late: FloatArray = lag_ms - lag_ms.min()
    return late
