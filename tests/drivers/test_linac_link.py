"""The linac driver when its link fails, speaks nonsense, or is left."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from drivers.linac import codec as lcp
from drivers.linac import messages as m
from drivers.linac.driver import LinacTcpDriver
from drivers.link import MAXIMUM_UNSENT
from gateway.domain.delivery import Interlock, MachineState
from gateway.domain.errors import (
    ConnectFailed,
    GatewayError,
    LinkLost,
    LocalProtocolError,
    MachineFault,
    RemoteProtocolError,
    ReplyTimeout,
)
from tests.drivers.linac_bench import COMMANDS, Bench, Observer, on_bench, short_sample
from tests.drivers.linac_peer import LinacPeer
from tests.drivers.peers import SlowStream, cancelled_at, said, simulated
from tests.drivers.rooms import BOUNDS, ROOM, TOKEN, program

HEARTBEAT = lcp.frame(1, m.Heartbeat, b"")

HANDSHAKES: dict[str, tuple[Callable[[LinacPeer], None], type[GatewayError]]] = {
    "nobody there": (lambda peer: setattr(peer, "refuses", True), ConnectFailed),
    "no answer": (lambda peer: peer.answers.pop(m.Hello), ReplyTimeout),
    "busy": (lambda peer: peer.refuse(m.Hello, m.NakCode.BUSY), MachineFault),
    "another protocol": (
        lambda peer: _welcome(peer, m.Welcome(2, 1, 1, "", "", "", "", (), ())),
        RemoteProtocolError,
    ),
    "an axis twice": (
        lambda peer: _welcome(
            peer,
            m.Welcome(1, 1, 1, "", "", "", "", ROOM.machine.layout.scalars[:1] * 2, ()),
        ),
        RemoteProtocolError,
    ),
    "telemetry first": (
        lambda peer: peer.answers.update({m.Hello: lambda *_: [short_sample()]}),
        RemoteProtocolError,
    ),
    "an event first": (
        lambda peer: peer.answers.update({m.Hello: lambda *_: [peer.event(MachineState.IDLE)]}),
        RemoteProtocolError,
    ),
    "closing": (lambda peer: peer.answers.update({m.Hello: lambda *_: [b""]}), LinkLost),
}


def _welcome(peer: LinacPeer, welcome: m.Welcome) -> None:
    peer.answers[m.Hello] = lambda number, _: [said(lcp, number, welcome)]


@pytest.mark.parametrize("name", HANDSHAKES)
def test_a_handshake_that_fails_leaves_nothing_open(name: str) -> None:
    arrange, error = HANDSHAKES[name]

    async def scenario(bench: Bench) -> None:
        arrange(bench.peer)
        with pytest.raises(error):
            await bench.connect()
        assert bench.observer.lost == []
        assert all(stream.closed for stream in bench.peer.streams)
        with pytest.raises(LinkLost, match="not connected"):
            await bench.driver.terminate()

    on_bench(scenario, connected=False)


def test_garbage_right_after_the_welcome_is_told() -> None:
    async def scenario(bench: Bench) -> None:
        welcome = bench.peer.answers[m.Hello]
        bench.peer.answers[m.Hello] = lambda *asked: [*welcome(*asked), b"\0"]
        await bench.connect()
        await bench.settle()
        assert [type(error) for error in bench.observer.lost] == [RemoteProtocolError]

    on_bench(scenario, connected=False)


def test_opening_is_bounded() -> None:
    async def never() -> Any:
        await asyncio.Event().wait()

    async def scenario() -> None:
        started_s = asyncio.get_running_loop().time()
        with pytest.raises(ConnectFailed):
            await LinacTcpDriver(never, ROOM).connect(Observer())
        waited_s = asyncio.get_running_loop().time() - started_s
        assert waited_s == pytest.approx(BOUNDS.connect_timeout_s, abs=1e-6)

    simulated(scenario())


def test_a_driver_connects_again_after_a_loss() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.load()
        bench.peer.stream.cut()
        await bench.settle()
        await bench.connect()
        with pytest.raises(LocalProtocolError, match="no program"):
            await bench.driver.beam_on()
        await bench.load()
        await bench.driver.beam_on()
        assert len(bench.observer.lost) == 1

    on_bench(scenario)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_lost_link_fails_the_command_at_once_and_is_told_once(name: str) -> None:
    kind, command = COMMANDS[name]

    async def scenario(bench: Bench) -> None:
        await bench.load()

        def cut(*_: object) -> list[bytes]:
            bench.peer.stream.cut()
            return []

        bench.peer.answers[kind] = cut
        with pytest.raises(LinkLost):
            await command(bench)
        with pytest.raises(LinkLost):
            await bench.driver.heartbeat()
        assert [type(error) for error in bench.observer.lost] == [LinkLost]

    on_bench(scenario)


@pytest.mark.parametrize("name", COMMANDS)
def test_garbage_fails_the_command_at_once_and_ends_the_link(name: str) -> None:
    kind, command = COMMANDS[name]

    async def scenario(bench: Bench) -> None:
        await bench.load()
        bench.peer.answers[kind] = lambda *_: [b"\xde\xad\xbe\xef"]
        with pytest.raises(RemoteProtocolError):
            await command(bench)
        await bench.settle()
        assert [type(error) for error in bench.observer.lost] == [RemoteProtocolError]
        assert bench.peer.stream.closed

    on_bench(scenario)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_cancelled_anywhere_leaves_a_link_that_can_terminate(name: str) -> None:
    _, command = COMMANDS[name]

    async def scenario(bench: Bench) -> None:
        await bench.load()
        turn = 0
        while await cancelled_at(turn, command(bench)):
            await bench.driver.terminate()
            await bench.driver.aclose()
            await bench.connect()
            await bench.load()
            turn += 1
        assert turn > SlowStream.turns

    on_bench(scenario)


def test_connect_cancelled_anywhere_leaves_nothing_open() -> None:
    async def scenario(bench: Bench) -> None:
        turn = 0
        while await cancelled_at(turn, bench.connect()):
            assert all(stream.closed for stream in bench.peer.streams)
            turn += 1
        assert turn > SlowStream.turns
        await bench.driver.terminate()

    on_bench(scenario, connected=False)


def test_close_cancelled_anywhere_still_closes() -> None:
    async def scenario(bench: Bench) -> None:
        turn = 1
        while await cancelled_at(turn, bench.driver.aclose()):
            await bench.settle()
            assert all(stream.closed for stream in bench.peer.streams)
            await bench.connect()
            turn += 1
        assert turn > 1

    on_bench(scenario)


MISBEHAVIOUR: dict[str, Callable[[LinacPeer], bytes]] = {
    "an answer to nothing": lambda _: said(lcp, 999, m.Ack()),
    "an answer to a heartbeat": lambda _: said(lcp, 5, m.Ack()),
    "a second answer": lambda _: said(lcp, 1, m.Ack()),
    "a lost event": lambda peer: said(
        lcp, 2, m.Event(0, MachineState.IDLE, Interlock.NONE, "IDLE", "")
    ),
    "a sample in another layout": lambda _: short_sample(),
    "closing without a word": lambda _: b"",
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_what_the_page_forbids_ends_the_link(name: str) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.driver.heartbeat()
        bench.peer.stream.say(MISBEHAVIOUR[name](bench.peer))
        await bench.settle()
        (error,) = bench.observer.lost
        assert isinstance(error, RemoteProtocolError | LinkLost)
        assert bench.peer.stream.closed

    on_bench(scenario)


@pytest.mark.parametrize("method", ["on_sample", "on_event"])
def test_an_observer_that_raises_ends_the_link_and_is_reported(method: str) -> None:
    async def scenario(bench: Bench) -> None:
        def fail(_: object) -> None:
            raise ZeroDivisionError("observer's own defect")

        reported: list[dict[str, Any]] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context))
        setattr(bench.observer, method, fail)
        bench.peer.stream.say(
            bench.peer.event(MachineState.IDLE) + bench.peer.sample(MachineState.IDLE)
        )
        await bench.settle()
        (error,) = bench.observer.lost
        assert isinstance(error, LocalProtocolError)
        assert isinstance(error.__cause__, ZeroDivisionError)
        assert [type(context["exception"]) for context in reported] == [ZeroDivisionError]
        assert bench.peer.stream.closed

    on_bench(scenario)


def test_a_machine_that_takes_no_bytes_is_noticed() -> None:
    async def scenario(bench: Bench) -> None:
        bench.peer.stream.stuck = True
        with pytest.raises(ReplyTimeout):
            await bench.driver.load(program(rows=4000), TOKEN)
        with pytest.raises(ReplyTimeout):
            await bench.driver.terminate()

    on_bench(scenario)


def test_a_machine_that_never_takes_bytes_is_lost() -> None:
    async def scenario(bench: Bench) -> None:
        bench.peer.stream.stuck = True
        for _ in range(MAXIMUM_UNSENT // len(HEARTBEAT) + 1):
            await bench.driver.heartbeat()
        with pytest.raises(LinkLost, match="takes no bytes"):
            await bench.driver.heartbeat()
        assert len(bench.observer.lost) == 1

    on_bench(scenario)
