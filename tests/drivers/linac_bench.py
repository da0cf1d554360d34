"""A linac driver, its scripted machine and its observer, in simulated time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from drivers.framing import encode_frame
from drivers.linac import codec as lcp
from drivers.linac import messages as m
from drivers.linac.driver import LinacTcpDriver
from gateway.domain.delivery import MachineEvent, MachineSample
from gateway.domain.errors import (
    GatewayError,
)
from gateway.ports.devices import LinacDriver
from tests.drivers.linac_peer import LinacPeer
from tests.drivers.peers import simulated
from tests.drivers.rooms import ROOM, TOKEN, program


class Observer:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.samples: list[MachineSample] = []
        self.events: list[MachineEvent] = []
        self.lost: list[GatewayError] = []

    def on_sample(self, sample: MachineSample) -> None:
        self.samples.append(sample)

    def on_event(self, event: MachineEvent) -> None:
        self.events.append(event)

    def on_lost(self, error: GatewayError) -> None:
        self.lost.append(error)


class Bench:
    """A driver, its scripted machine and its observer."""

    def __init__(self) -> None:
        self.peer = LinacPeer()
        self.observer = Observer()
        self.driver: LinacDriver = LinacTcpDriver(self.peer.open, ROOM)

    async def connect(self) -> None:
        await self.driver.connect(self.observer)

    async def load(self) -> int:
        return await self.driver.load(program(), TOKEN)

    async def settle(self) -> None:
        """Let what was said arrive."""
        await asyncio.sleep(0.001)


def on_bench(
    scenario: Callable[[Bench], Coroutine[Any, Any, None]], *, connected: bool = True
) -> None:
    async def whole() -> None:
        bench = Bench()
        if connected:
            await bench.connect()
        await scenario(bench)
        await bench.driver.aclose()
        assert all(stream.closed for stream in bench.peer.streams)

    simulated(whole())


COMMANDS: dict[str, tuple[type, Callable[[Bench], Coroutine[Any, Any, Any]]]] = {
    "load": (m.LoadEnd, lambda bench: bench.load()),
    "load_begin": (m.LoadBegin, lambda bench: bench.load()),
    "prepare": (m.Prepare, lambda bench: bench.driver.prepare(5.0)),
    "read_back": (m.AskReadBack, lambda bench: bench.driver.read_back()),
    "beam_on": (m.BeamOn, lambda bench: bench.driver.beam_on()),
    "hold": (m.Hold, lambda bench: bench.driver.hold()),
    "resume": (m.Resume, lambda bench: bench.driver.resume()),
    "terminate": (m.Terminate, lambda bench: bench.driver.terminate()),
    "unload": (m.Unload, lambda bench: bench.driver.unload()),
    "read_counter": (m.ReadCounter, lambda bench: bench.driver.read_counter(TOKEN, 1)),
}
REFUSABLE = sorted(COMMANDS.keys() - {"terminate", "read_counter"})


def short_sample() -> bytes:
    return encode_frame(lcp.FORMAT, 0x84, 1, lcp._SAMPLE.pack(0, 0, 0, 0, 0, 0, 0, 0, 0))
