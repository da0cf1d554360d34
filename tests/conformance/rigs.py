"""Rigs that host a simulated room behind real bytes: in memory, over TCP, over serial lines."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from drivers.couch_grbl.driver import GrblCouchDriver
from drivers.epid.driver import EpidDriver
from drivers.linac.driver import LinacTcpDriver
from drivers.testing.programs import small_program
from drivers.testing.witness import LinacWitness
from gateway.adapters.streams.memory import memory_pair
from gateway.adapters.streams.pty import open_pty
from gateway.adapters.streams.serial import open_serial
from gateway.adapters.streams.tcp import open_tcp, serve_tcp
from gateway.configuration.locate import config_roots
from gateway.configuration.rooms import load_room
from gateway.domain.delivery import MachineState
from gateway.domain.room import Room
from gateway.domain.units import WIRE_UNITS_PER_MM
from gateway.ports.simulation import SimulatedRoom
from gateway.ports.stream import ByteStream
from gateway.timeloop import run
from simulators.serve import simulated_room
from tests.conformance.cable import Cable

BAUD = 115_200
SCENARIO_S = 60.0
EXPOSURE_S = 0.6
DRIVERS: dict[str, Callable[..., Any]] = {
    "linac": LinacTcpDriver,
    "couch": GrblCouchDriver,
    "imager": EpidDriver,
}


class Build(Protocol):
    """Makes the room under test: ``simulated_room``, or one with a saboteur in it."""

    def __call__(self, room: Room, *, state_dir: Path) -> SimulatedRoom: ...


def sound(room: Room, *, state_dir: Path) -> SimulatedRoom:
    """A room that does what it should."""
    return simulated_room(room, seed=1, faults=(), state_dir=state_dir)


def kit_room(name: str, *, patient: bool) -> Room:
    """The room ``name`` with a small panel; ``patient``: for a loop on a busy machine."""
    room = load_room(name, config_roots(None))
    panel = replace(room.panel, rows=64, columns=48)
    bounds = replace(room.bounds, reply_timeout_s=1.0, connect_timeout_s=2.0)
    if patient:
        bounds = replace(
            bounds,
            dead_man_s=0.6,
            hold_after_s=0.5,
            terminate_after_s=1.0,
            reply_timeout_s=3.0,
            connect_timeout_s=5.0,
        )
    return replace(room, panel=panel, bounds=bounds)


@dataclass(frozen=True)
class Transport:
    """How bytes go, and how late they and the loop may be. ``speed`` None: simulated time."""

    name: str
    speed: float | None
    slack_s: float
    connect: Callable[["Host", str], Coroutine[Any, Any, Cable]]


class Host:
    """A running room and the cables into it."""

    def __init__(self, room: Room, served: SimulatedRoom, transport: Transport) -> None:
        self.room = room
        self.slack_s = transport.slack_s
        self._served = served
        self._transport = transport
        self._serving: set[asyncio.Task[None]] = set()
        self._cables: dict[str, list[Cable]] = {device: [] for device in DRIVERS}
        self._drivers: list[Any] = []

    def driver(self, device: str) -> Any:
        """A new driver; closed with the host."""

        async def open_stream() -> ByteStream:
            cable = await self._transport.connect(self, device)
            self._cables[device].append(cable)
            return cable

        self._drivers.append(DRIVERS[device](open_stream, self.room))
        return self._drivers[-1]

    def cut(self, device: str) -> None:
        """Every cable to ``device``."""
        for cable in self._cables[device]:
            cable.cut()

    def babble(self, device: str, data: bytes) -> None:
        """Into the newest cable to ``device``."""
        self._cables[device][-1].babble(data)

    def serve(self, device: str, stream: ByteStream) -> None:
        """Let the room be ``device`` on ``stream``."""
        task = asyncio.create_task(self._served.serve(device, stream))
        self._serving.add(task)

    async def serve_here(self, device: str, stream: ByteStream) -> None:
        """As :meth:`serve`, for as long as the stream lives."""
        await self._served.serve(device, stream)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The machines live; at the end everything is closed, and what failed is raised."""
        machines = asyncio.create_task(self._served.run())
        try:
            yield
        finally:
            for driver in self._drivers:
                await driver.aclose()
            machines.cancel()
            for task in self._serving:
                task.cancel()
            await asyncio.wait((machines, *self._serving))
            self._served.close()
        for task in (machines, *self._serving):
            if not task.cancelled():
                task.result()


async def _in_memory(host: Host, device: str) -> Cable:
    near, far = memory_pair()
    host.serve(device, far)
    return Cable(near)


async def _over_tcp(host: Host, device: str) -> Cable:
    server = await serve_tcp("127.0.0.1", 0, lambda stream: host.serve_here(device, stream))
    near = await open_tcp("127.0.0.1", server.port, host.room.bounds.connect_timeout_s)
    return Cable(near, server)


async def _over_a_serial_line(host: Host, device: str) -> Cable:
    line = open_pty()
    host.serve(device, line.stream)
    return Cable(await open_serial(line.path, BAUD), line.stream)


MEMORY = Transport("memory", None, 0.0, _in_memory)
TCP = Transport("tcp", 1.0, 1.0, _over_tcp)
PTY = Transport("pty", 1.0, 1.0, _over_a_serial_line)


@dataclass(frozen=True)
class DeviceAccess:
    """The kit's view of one device of a host."""

    host: Host
    device: str

    @property
    def room(self) -> Room:
        return self.host.room

    @property
    def slack_s(self) -> float:
        return self.host.slack_s

    def driver(self) -> Any:
        return self.host.driver(self.device)

    def cut(self) -> None:
        self.host.cut(self.device)

    def babble(self, data: bytes) -> None:
        self.host.babble(self.device, data)

    async def expose(self) -> tuple[float, float]:
        """A small beam through a linac driver of its own."""
        linac, witness = self.host.driver("linac"), LinacWitness()
        await linac.connect(witness)
        first = await witness.until(lambda _: True, "anything", 5.0)
        standing = first.positions / WIRE_UNITS_PER_MM
        program = small_program(self.room.machine, standing, 3, EXPOSURE_S)
        await linac.load(program, id(witness).to_bytes(16, "big"))
        beating = asyncio.create_task(self._beat(linac))
        try:
            await linac.prepare(30.0)
            await linac.beam_on()
            await witness.until_state(MachineState.COMPLETE, 10.0)
        finally:
            beating.cancel()
            await asyncio.wait((beating,))
        await linac.aclose()
        return program.start_meterset_mu, program.end_meterset_mu

    async def _beat(self, linac: Any) -> None:
        while True:
            await linac.heartbeat()
            await asyncio.sleep(self.room.bounds.heartbeat_period_s)


@dataclass(frozen=True)
class RoomRig:
    """Runs a scenario against one device of a room over one transport."""

    transport: Transport
    device: str
    state_dir: Path
    build: Build = sound
    room: str = "truebeam-m120"

    def run(self, scenario: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        """See :mod:`drivers.testing.rig`."""
        room = kit_room(self.room, patient=self.transport.speed is not None)
        run(self._host(room, scenario), self.transport.speed)

    async def _host(self, room: Room, scenario: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        host = Host(room, self.build(room, state_dir=self.state_dir), self.transport)
        try:
            async with host.running(), asyncio.timeout(SCENARIO_S):
                await scenario(DeviceAccess(host, self.device))
        except BaseException:
            await _end_calls()
            raise


async def _end_calls() -> None:
    """A scenario that was broken off leaves its calls behind."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
