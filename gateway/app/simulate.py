"""The ``simulate`` command: the devices of a room alone, for a gateway in another process."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.streams.pty import open_pty
from gateway.adapters.streams.tcp import serve_tcp
from gateway.app.hosting import make_simulated_room
from gateway.app.stopping import SIGNALS
from gateway.domain.errors import ConfigError
from gateway.domain.room import Room
from gateway.ports.simulation import SimulatedRoom
from gateway.ports.stream import ByteStream
from gateway.timeloop import run


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the devices of a simulated room are reached."""

    linac: str
    couch: str
    imager: str

    def as_toml(self) -> str:
        """A configuration file that makes a gateway use these devices."""
        return (
            f'[links]\nlinac = "{self.linac}"\ncouch = "{self.couch}"\nimager = "{self.imager}"\n'
        )


@dataclass(frozen=True, slots=True)
class Hosting:
    """How the room is hosted; port 0 takes a free one. Without ``logs`` the machine leaves none."""

    host: str
    linac_port: int
    imager_port: int
    state_dir: Path
    logs: Path | None = None


def simulate(
    room: Room,
    hosting: Hosting,
    *,
    speed: float,
    seed: int,
    faults: Sequence[str],
    ready: Callable[[Endpoints], None],
) -> None:
    """Serve the room's devices until a signal to stop; ``ready`` is called once they listen.

    Raises ConfigError for an unknown fault or a real room, ConnectFailed when a port is taken.
    """
    if not room.simulated:
        raise ConfigError(f"room {room.name} is a real one: no other devices may pass for its own")
    if hosting.logs is not None and room.machine.trajectory_log is None:
        raise ConfigError(f"--logs: {room.machine.name} leaves no trajectory log")
    made = make_simulated_room(
        room,
        seed=seed,
        faults=faults,
        state_dir=hosting.state_dir,
        images_apart=True,
        logs=hosting.logs,
    )
    with closing(made):
        run(_serve(made, hosting, ready), speed)


async def _serve(
    simulated: SimulatedRoom, hosting: Hosting, ready: Callable[[Endpoints], None]
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        living = asyncio.create_task(simulated.run())
        stack.push_async_callback(_cancel, living)
        linac = await serve_tcp(hosting.host, hosting.linac_port, _handler(simulated, "linac"))
        stack.push_async_callback(linac.aclose)
        imager = await serve_tcp(hosting.host, hosting.imager_port, _handler(simulated, "imager"))
        stack.push_async_callback(imager.aclose)
        line = open_pty()
        couch = asyncio.create_task(simulated.serve("couch", line.stream))
        stack.push_async_callback(_cancel, couch)
        ready(
            Endpoints(
                f"tcp://{hosting.host}:{linac.port}",
                f"serial://{line.path}",
                f"tcp://{hosting.host}:{imager.port}",
            )
        )
        stopping = asyncio.create_task(stopped.wait())
        await asyncio.wait((stopping, living), return_when=asyncio.FIRST_COMPLETED)
        await _cancel(stopping)
        if living.done():
            living.result()


def _handler(simulated: SimulatedRoom, device: str) -> Callable[[ByteStream], Awaitable[None]]:
    async def handle(stream: ByteStream) -> None:
        await simulated.serve(device, stream)

    return handle


async def _cancel(task: "asyncio.Task[object]") -> None:
    task.cancel()
    await asyncio.wait((task,))
