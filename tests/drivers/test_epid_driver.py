"""The imager driver against a scripted panel, in simulated time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from drivers.epid import codec as pfp
from drivers.epid import messages as p
from drivers.epid.driver import EpidDriver
from gateway.domain.delivery import FrameKind, PortalFrame
from gateway.domain.errors import (
    GatewayError,
    LinkLost,
    LocalProtocolError,
    MachineFault,
    RemoteProtocolError,
    ReplyTimeout,
)
from gateway.ports.devices import ImagerDriver
from tests.drivers.epid_peer import EpidPeer
from tests.drivers.peers import SlowStream, cancelled_at, said, simulated
from tests.drivers.rooms import REPLY_TIMEOUT_S, ROOM


class EpidBench:
    """A driver, its scripted panel and what it told."""

    def __init__(self) -> None:
        self.peer = EpidPeer()
        self.frames: list[PortalFrame] = []
        self.lost: list[GatewayError] = []
        self.driver: ImagerDriver = EpidDriver(self.peer.open, ROOM)

    async def connect(self) -> None:
        self.panel = await self.driver.connect(self.frames.append, self.lost.append)


def on_panel(scenario: Callable[[EpidBench], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        bench = EpidBench()
        await bench.connect()
        await scenario(bench)
        await bench.driver.aclose()
        assert all(stream.closed for stream in bench.peer.streams)

    simulated(whole())


def frame(number: int, rows: int = 4, columns: int = 6) -> p.Frame:
    pixels = np.arange(rows * columns, dtype=np.uint16).reshape(rows, columns)
    return p.Frame(FrameKind.CINE, 1, number, 10, 20, 1_000_000, 2_500_000, 0.25, 3, pixels)


def test_the_panel_introduces_itself() -> None:
    async def scenario(bench: EpidBench) -> None:
        panel = bench.panel
        assert (panel.rows, panel.columns, panel.bits) == (4, 6, 16)
        assert (panel.pitch_mm, panel.sid_mm) == (0.4, 1500.0)

    on_panel(scenario)


def test_every_frame_is_given_before_finish_returns_whatever_its_number() -> None:
    """Gaps, repeats and inversions are findings of the receiver, not of the driver."""

    async def scenario(bench: EpidBench) -> None:
        numbers = [1, 3, 2, 2, 5]
        bench.peer.answers[p.Finish] = lambda number, _: [
            b"".join(said(pfp, 0, frame(index)) for index in numbers)
            + said(pfp, number, p.Finished(5))
        ]
        await bench.driver.start(1, FrameKind.CINE, 7.5)
        assert bench.peer.requests[-1][1] == p.Start(1, FrameKind.CINE, 7500)
        assert await bench.driver.finish(10.0) == 5
        assert [got.number for got in bench.frames] == numbers
        first = bench.frames[0]
        assert (first.start_meterset_mu, first.end_meterset_mu) == (1.0, 2.5)
        assert (first.cu_per_count, first.saturated) == (0.25, 3)
        assert np.array_equal(first.pixels, frame(1).pixels)
        assert not first.pixels.flags.writeable

    on_panel(scenario)


def test_a_large_frame_in_small_portions() -> None:
    async def scenario(bench: EpidBench) -> None:
        wire = said(pfp, 0, frame(1, rows=1190, columns=1190))
        await bench.driver.start(1, FrameKind.INTEGRATED, 0.0)
        for start in range(0, len(wire), 1400):
            bench.peer.stream.say(wire[start : start + 1400])
        await bench.driver.finish(10.0)
        (got,) = bench.frames
        assert np.array_equal(got.pixels, frame(1, 1190, 1190).pixels)

    on_panel(scenario)


FORBIDDEN = {
    "a frame outside an acquisition": lambda: said(pfp, 0, frame(1)),
    "an answer to nothing": lambda: said(pfp, 9, p.Ack()),
    "garbage": lambda: b"\0",
    "closing": lambda: b"",
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_the_page_forbids_ends_the_link(name: str) -> None:
    async def scenario(bench: EpidBench) -> None:
        bench.peer.stream.say(FORBIDDEN[name]())
        await asyncio.sleep(0.001)
        (error,) = bench.lost
        assert isinstance(error, RemoteProtocolError | LinkLost)
        assert bench.peer.stream.closed
        assert bench.frames == []

    on_panel(scenario)


def test_a_frame_that_answers_a_request_is_forbidden() -> None:
    async def scenario(bench: EpidBench) -> None:
        await bench.driver.start(1, FrameKind.INTEGRATED, 0.0)
        bench.peer.answers[p.Finish] = lambda number, _: [said(pfp, number, frame(1))]
        with pytest.raises(RemoteProtocolError):
            await bench.driver.finish(1.0)

    on_panel(scenario)


def test_refusals_timeouts_and_reconnection() -> None:
    async def scenario(bench: EpidBench) -> None:
        bench.peer.answers[p.Start] = lambda number, _: [
            said(pfp, number, p.Nak(p.NakCode.LIMIT, "too fast"))
        ]
        with pytest.raises(MachineFault, match="LIMIT: too fast"):
            await bench.driver.start(1, FrameKind.CINE, 1000.0)
        del bench.peer.answers[p.Start]
        loop = asyncio.get_running_loop()
        for ask, bound_s in (
            (bench.driver.start(1, FrameKind.INTEGRATED, 0.0), REPLY_TIMEOUT_S),
            (bench.driver.finish(3.0), 3.0),
        ):
            del bench.peer.answers[p.Finish], bench.peer.requests[:]
            started_s = loop.time()
            with pytest.raises(ReplyTimeout):
                await ask
            assert loop.time() - started_s == pytest.approx(bound_s, abs=1e-6)
            assert len(bench.peer.requests) == 1
            bench.peer.answers[p.Finish] = lambda *_: []
        bench.peer.stream.cut()
        await asyncio.sleep(0.001)
        with pytest.raises(LinkLost):
            await bench.driver.finish(1.0)
        await bench.connect()
        assert len(bench.lost) == 1

    on_panel(scenario)


@pytest.mark.parametrize("rate_hz", [float("nan"), float("inf"), -1.0])
def test_a_rate_that_cannot_be_said_is_refused_here(rate_hz: float) -> None:
    async def scenario(bench: EpidBench) -> None:
        with pytest.raises(LocalProtocolError):
            await bench.driver.start(1, FrameKind.CINE, rate_hz)
        await bench.driver.start(1, FrameKind.CINE, 1.0)

    on_panel(scenario)


def test_cancelled_anywhere_it_can_go_on() -> None:
    async def scenario(bench: EpidBench) -> None:
        for operation in (
            lambda: bench.driver.start(1, FrameKind.INTEGRATED, 0.0),
            lambda: bench.driver.finish(1.0),
            bench.connect,
        ):
            turn = 0
            while await cancelled_at(turn, operation()):
                await bench.connect()
                turn += 1
            assert turn > SlowStream.turns

    on_panel(scenario)
    simulated(asyncio.sleep(0))
