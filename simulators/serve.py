"""Simulated rooms on an event loop: the entry point ``linac_gateway.simulators: room``."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from gateway.domain.errors import LinkLost, RemoteProtocolError
from gateway.domain.program import MachineProgram
from gateway.domain.room import Room
from gateway.domain.units import NS_PER_S
from gateway.ports.simulation import SimulatedRoom
from gateway.ports.stream import ByteStream
from simulators.connection import Connection
from simulators.epid.apart import FrameProcess
from simulators.epid.frame_maker import FrameMakers
from simulators.faults import parse_fault
from simulators.linac.loading import loaded
from simulators.metronome import Metronome
from simulators.parts import Parts
from simulators.ports import CouchPort, ImagerPort, LinacPort, Port
from simulators.room import MachineRoom

_CAPACITY_BYTES = 1 << 20
_IMAGER_CAPACITY_BYTES = 64 << 20

_log = logging.getLogger(__name__)


def simulated_room(
    room: Room,
    *,
    seed: int,
    faults: Sequence[str],
    state_dir: Path,
    images_apart: bool = False,
    logs: Path | None = None,
) -> SimulatedRoom:
    """A simulated room, to be served on streams. See :mod:`gateway.ports.simulation`.

    Raises ConfigError for a fault that does not exist or cannot be understood, and for state
    files that are in use or damaged.
    """
    return room_of(
        Parts(),
        room,
        seed=seed,
        faults=faults,
        state_dir=state_dir,
        images_apart=images_apart,
        logs=logs,
    )


def room_of(
    parts: Parts,
    room: Room,
    *,
    seed: int,
    faults: Sequence[str],
    state_dir: Path,
    images_apart: bool = False,
    logs: Path | None = None,
) -> SimulatedRoom:
    """As :func:`simulated_room`, made of ``parts``."""
    specs = [parse_fault(fault) for fault in faults]
    machines = MachineRoom(room, specs, seed, state_dir, parts, logs)
    return ServedRoom(machines, _frame_makers(room, seed, apart=images_apart))


def _frame_makers(room: Room, seed: int, *, apart: bool) -> FrameMakers:
    """The renderer and its machine code are loaded only where they are used."""
    if apart and FrameProcess.possible:
        return FrameProcess(room, seed)
    from simulators.epid.threaded import FrameThreads  # noqa: PLC0415

    return FrameThreads(room, seed)


class ServedRoom:
    """A room's machines on the running loop's time. Implements SimulatedRoom."""

    def __init__(self, machines: MachineRoom, frames: FrameMakers) -> None:
        self._machines = machines
        self._frames = frames
        self._boot_s: float | None = None
        self._make_port: Mapping[str, Callable[[ByteStream], Port]] = {
            "linac": self._linac_port,
            "couch": self._couch_port,
            "imager": self._imager_port,
        }

    async def run(self) -> None:
        """See the port."""
        machines = self._machines
        boot_s = self._boot()

        def live() -> None:
            machines.advance(max(self._now_ns(), machines.next_event_at()))

        def due_s() -> float:
            return boot_s + machines.next_event_at() / NS_PER_S

        await Metronome(due_s, live, machines.room.machine.sample_period_s).run()

    async def serve(self, device: str, stream: ByteStream) -> None:
        """See the port. Raises ValueError for a device that does not exist."""
        try:
            make_port = self._make_port.get(device)
            if make_port is None:
                raise ValueError(f"{device!r} is none of {', '.join(self._make_port)}")
            if device not in self._machines.dead_links:
                await self._serve(device, stream, make_port(stream))
        finally:
            await stream.aclose()

    def aimless(self, programs: Sequence[MachineProgram]) -> Sequence[str]:
        """See the port."""
        return self._machines.aimless([loaded(program) for program in programs])

    def close(self) -> None:
        """See the port. A fault that never acted is told: nothing else would say so."""
        for fault in self._machines.injection.idle if self._boot_s is not None else ():
            _log.warning("fault %s found nothing to act on and did nothing", fault)
        self._frames.close()
        self._machines.close()

    async def _serve(self, device: str, stream: ByteStream, port: Port) -> None:
        ports = self._machines.ports[device]
        ports.append(port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(port.connection.pump())
                group.create_task(port.connection.ended())
                group.create_task(port.work())
                await self._listen(stream, port)
        except* (LinkLost, RemoteProtocolError) as ended:
            _log.info("%s: %s", device, "; ".join(map(str, _leaves(ended))))
        finally:
            ports.remove(port)
            port.connection.cut("the link has ended")

    async def _listen(self, stream: ByteStream, port: Port) -> None:
        """Until the client closes: raises LinkLost then.

        Who comes next finds the device free: it does not wait for what is left of this link.
        """
        try:
            while data := await stream.receive():
                port.receive(data, self._now_ns())
        finally:
            port.close(self._now_ns())
        raise LinkLost("the client closed")

    def _boot(self) -> float:
        """When the machines were switched on, by the loop's clock (s)."""
        if self._boot_s is None:
            self._boot_s = asyncio.get_running_loop().time()
        return self._boot_s

    def _now_ns(self) -> int:
        boot_s = self._boot()
        return round((asyncio.get_running_loop().time() - boot_s) * NS_PER_S)

    def _linac_port(self, stream: ByteStream) -> Port:
        machines = self._machines
        session = machines.parts.linac_session(machines.desk, machines.linac_control)
        return LinacPort(session, Connection(stream, _CAPACITY_BYTES))

    def _couch_port(self, stream: ByteStream) -> Port:
        session = self._machines.parts.couch_session(self._machines.couch)
        return CouchPort(session, Connection(stream, _CAPACITY_BYTES))

    def _imager_port(self, stream: ByteStream) -> Port:
        machines = self._machines
        room = machines.room
        return ImagerPort(
            machines.parts.imager_session(room.panel, machines.panel, machines.imager_control),
            Connection(stream, _IMAGER_CAPACITY_BYTES),
            self._frames.connect(),
            machines.injection.frame_path,
        )


def _leaves(several: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in several.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
