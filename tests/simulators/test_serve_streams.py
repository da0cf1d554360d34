"""Cancelled, deaf and late: what a service does with a difficult stream."""

import asyncio
from pathlib import Path

import pytest

from gateway import timeloop
from gateway.domain.errors import LinkLost
from simulators.connection import Connection
from simulators.linac import messages as m
from simulators.linac.states import State
from simulators.serve import simulated_room
from tests.simulators.builders import (
    machine,
    request,
    room,
    sliding_beam,
)
from tests.simulators.clients import (
    LinacClient,
    living,
)
from tests.simulators.scenes import Connect, play

MODEL = machine()


def test_cancelling_a_service_closes_its_stream(tmp_path: Path) -> None:
    async def scene(connect: Connect) -> None:
        made = simulated_room(room(name="other"), seed=1, faults=[], state_dir=tmp_path)
        stream = Stuck()
        service = asyncio.create_task(made.serve("linac", stream))
        await asyncio.sleep(0.1)
        service.cancel()
        with pytest.raises(asyncio.CancelledError):
            await service
        assert stream.closed
        made.close()

    play(tmp_path, scene)


class Stuck:
    """A stream whose other side never takes nor says anything after its first words."""

    def __init__(self, words: bytes = b"") -> None:
        self.words = words
        self.closed = False

    async def receive(self) -> bytes:
        words, self.words = self.words, b""
        return words or await asyncio.get_running_loop().create_future()

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().create_future()

    def offer(self, _data: bytes, /) -> bool:
        return False

    async def aclose(self) -> None:
        self.closed = True


def test_a_client_that_does_not_listen_is_cut_off(tmp_path: Path) -> None:
    """A MiB is held for it: some three hours of this machine's telemetry."""

    async def main() -> None:
        made = simulated_room(room(60), seed=1, faults=[], state_dir=tmp_path)
        stream = Stuck(request(m.Hello(1, "deaf"), 1))
        run = asyncio.create_task(made.run())
        service = asyncio.create_task(made.serve("linac", stream))
        await asyncio.sleep(30.0)
        assert not service.done()
        await asyncio.sleep(30.0)
        assert stream.closed
        await service
        run.cancel()
        made.close()

    timeloop.run(main(), None)


def test_a_connection_that_is_cut_says_no_more() -> None:
    async def main() -> None:
        stream = Stuck()
        connection = Connection(stream, 10)
        connection.send(b"12345")
        connection.cut("enough")
        connection.send(b"678")
        with pytest.raises(LinkLost, match="enough"):
            await connection.ended()
        await connection.drained()

    timeloop.run(main(), None)


def test_a_late_loop_hears_what_came_before_time_goes_on(tmp_path: Path) -> None:
    """Real time, in which the loop is held up longer than the dead-man while heartbeats wait."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        made = simulated_room(room(), seed=1, faults=[], state_dir=tmp_path)
        async with living(made) as connect, LinacClient(connect("linac")) as linac:
            await linac.hello()
            await linac.start(sliding_beam(MODEL))
            await linac.wait_for(State.BEAM_ON)
            await linac.beat()
            until = loop.time() + 0.4
            while loop.time() < until:
                pass
            await linac.beat()
            await asyncio.sleep(0.2)
            assert "DEAD_MAN" not in linac.codes()

    timeloop.run(main(), 1.0)
