"""Scenes played in a simulated room, in simulated time."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from gateway import timeloop
from gateway.ports.stream import ByteStream
from simulators.serve import simulated_room
from tests.simulators.builders import room
from tests.simulators.clients import living

Connect = Callable[[str], ByteStream]


def play(
    folder: Path, scene: Callable[[Connect], Awaitable[None]], *faults: str, seed: int = 1
) -> None:
    """Play ``scene`` in a room, in simulated time."""

    async def main() -> None:
        made = simulated_room(room(), seed=seed, faults=faults, state_dir=folder)
        async with living(made) as connect:
            await scene(connect)

    timeloop.run(main(), None)
