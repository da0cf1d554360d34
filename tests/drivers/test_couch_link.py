"""The couch driver when its line fails, is noisy, alarmed, or left."""

import asyncio
from typing import Any

import pytest

from gateway.domain.errors import (
    GatewayError,
    LinkLost,
    LocalProtocolError,
    MachineFault,
    RemoteProtocolError,
    ReplyTimeout,
)
from tests.drivers.couch_bench import LATERAL, CouchBench, on_couch
from tests.drivers.peers import SlowStream, cancelled_at


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("[VER:1.1h.20190825:]\r\n[OPT:V,15,128]\r\nok\r\n", "Grbl 1.1h.20190825"),
        ("[VER:1.1f.20170801:Couch A]\r\nok\r\n", "Grbl 1.1f.20170801 Couch A"),
    ],
)
def test_the_controller_introduces_itself(version: str, name: str) -> None:
    async def scenario(bench: CouchBench) -> None:
        bench.peer.version = version
        assert await bench.connect() == name
        assert bench.peer.lines == ["$I"]

    on_couch(scenario, connected=False)


def test_a_banner_while_connecting_is_a_controller_that_just_started() -> None:
    async def scenario(bench: CouchBench) -> None:
        bench.peer.version = "\r\nGrbl 1.1h ['$' for help]\r\n" + bench.peer.version
        await bench.connect()

    on_couch(scenario, connected=False)


def _set(**values: Any) -> Any:
    return lambda bench: [setattr(bench.peer, name, value) for name, value in values.items()]


@pytest.mark.parametrize(
    ("arrange", "error"),
    [
        (_set(state="Alarm"), MachineFault),
        (_set(reports=False), ReplyTimeout),
        (_set(reports_work=True), ReplyTimeout),
        (_set(version="[OPT:V,15,128]\r\n"), ReplyTimeout),
        (_set(version="ok\r\n"), RemoteProtocolError),
        (_set(version="[VER:0.9j.2016:]\r\nok\r\n"), RemoteProtocolError),
        (_set(version="error:9\r\n"), MachineFault),
        (_set(version="ok\r\nok\r\n"), RemoteProtocolError),
        (_set(version="noise\r\n"), RemoteProtocolError),
    ],
)
def test_a_controller_that_cannot_be_used_is_left(arrange: Any, error: type[GatewayError]) -> None:
    async def scenario(bench: CouchBench) -> None:
        arrange(bench)
        with pytest.raises(error):
            await bench.connect()
        assert bench.lost == []
        assert bench.peer.stream.closed
        assert bench.peer.jogs == []
        with pytest.raises(LinkLost, match="not connected"):
            await bench.driver.stop()

    on_couch(scenario, connected=False)


def test_a_locked_controller_asks_for_a_person() -> None:
    async def scenario(bench: CouchBench) -> None:
        bench.peer.state = "Alarm"
        with pytest.raises(MachineFault, match="unlock"):
            await bench.connect()
        assert "$X" not in bench.peer.lines

    on_couch(scenario, connected=False)


ENDINGS = {
    "an alarm": ("ALARM:3\r\n", MachineFault),
    "a restart": ("\r\nGrbl 1.1h ['$' for help]\r\n", MachineFault),
    "an alarm state": ("<Alarm|MPos:0.000,0.000,0.000|FS:0,0>\r\n", MachineFault),
    "an answer to nothing": ("error:1\r\nerror:1\r\n", RemoteProtocolError),
    "noise": ("~~\x00~~", RemoteProtocolError),
    "closing": ("", LinkLost),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_what_ends_the_line_ends_a_move_and_is_told_once(name: str) -> None:
    text, error = ENDINGS[name]

    async def scenario(bench: CouchBench) -> None:
        bench.peer.travel = 1000
        moving = asyncio.create_task(bench.driver.move_to({LATERAL: 10.0}, 60.0))
        await asyncio.sleep(0.2)
        bench.peer.say(text)
        with pytest.raises(error):
            await moving
        await bench.settle()
        assert [type(told) for told in bench.lost] == [error]
        assert bench.peer.stream.closed
        with pytest.raises(GatewayError):
            await bench.driver.position()
        with pytest.raises(GatewayError):
            await bench.driver.stop()

    on_couch(scenario)


def test_it_connects_again_after_a_loss() -> None:
    async def scenario(bench: CouchBench) -> None:
        bench.peer.stream.cut()
        await bench.settle()
        await bench.connect()
        await bench.driver.move_to({LATERAL: 10.0}, 10.0)
        assert len(bench.lost) == 1

    on_couch(scenario)


def test_connect_cancelled_anywhere_leaves_nothing_open() -> None:
    async def scenario(bench: CouchBench) -> None:
        turn = 0
        while await cancelled_at(turn, bench.connect()):
            assert all(stream.closed for stream in bench.peer.streams)
            turn += 1
        assert turn > SlowStream.turns
        await bench.driver.stop()

    on_couch(scenario, connected=False)


def test_an_observer_that_raises_ends_the_line_and_is_reported() -> None:
    async def scenario(bench: CouchBench) -> None:
        def fail(_: object) -> None:
            raise ZeroDivisionError("observer's own defect")

        reported: list[dict[str, Any]] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context))
        with pytest.raises(LocalProtocolError):
            await bench.driver.connect(fail, bench.lost.append)
        assert [type(context["exception"]) for context in reported] == [ZeroDivisionError]
        assert bench.peer.stream.closed

    on_couch(scenario)
