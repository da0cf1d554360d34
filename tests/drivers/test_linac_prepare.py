"""Waiting for PREPARED."""

import asyncio

import pytest

from drivers.linac import codec as lcp
from drivers.linac import messages as m
from gateway.domain.delivery import MachineState
from gateway.domain.errors import (
    LinkLost,
    LocalProtocolError,
    MachineFault,
    ReplyTimeout,
)
from tests.drivers.linac_bench import Bench, on_bench
from tests.drivers.peers import said


def test_prepare_returns_on_a_sample_that_shows_prepared() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.load()
        bench.peer.answers[m.Prepare] = lambda number, _: [
            said(lcp, number, m.Ack()),
            bench.peer.sample(MachineState.PREPARING),
            bench.peer.sample(MachineState.PREPARED),
        ]
        await bench.driver.prepare(1.0)

    on_bench(scenario)


@pytest.mark.parametrize("state", [MachineState.FAULT, MachineState.TERMINATED, MachineState.IDLE])
@pytest.mark.parametrize("by_event", [True, False])
def test_prepare_fails_when_the_machine_ends_otherwise(state: MachineState, by_event: bool) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.load()
        bench.peer.answers[m.Prepare] = lambda number, _: [
            said(lcp, number, m.Ack()),
            bench.peer.event(state, "DOOR") if by_event else bench.peer.sample(state),
        ]
        with pytest.raises(MachineFault, match=state.name) as fault:
            await bench.driver.prepare(1.0)
        assert fault.value.code == ("DOOR" if by_event else state.name)

    on_bench(scenario)


def test_prepare_gives_up_after_its_own_time() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.load()
        bench.peer.answers[m.Prepare] = lambda number, _: [said(lcp, number, m.Ack())]
        started_s = asyncio.get_running_loop().time()
        with pytest.raises(ReplyTimeout, match="PREPARED within 2 s"):
            await bench.driver.prepare(2.0)
        assert asyncio.get_running_loop().time() - started_s == pytest.approx(2.0, abs=1e-6)

    on_bench(scenario)


def test_prepare_fails_with_the_link() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.load()
        bench.peer.answers[m.Prepare] = lambda number, _: [said(lcp, number, m.Ack()), b""]
        with pytest.raises(LinkLost, match="closed the link"):
            await bench.driver.prepare(2.0)

    on_bench(scenario)


def test_only_one_prepare_at_a_time() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.load()
        bench.peer.answers[m.Prepare] = lambda number, _: [said(lcp, number, m.Ack())]
        first = asyncio.create_task(bench.driver.prepare(1.0))
        await bench.settle()
        with pytest.raises(LocalProtocolError):
            await bench.driver.prepare(1.0)
        with pytest.raises(ReplyTimeout):
            await first

    on_bench(scenario)


def test_terminate_overtakes_a_request_that_waits() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.load()
        bench.peer.answers[m.Prepare] = lambda *_: ()
        preparing = asyncio.create_task(bench.driver.prepare(60.0))
        await bench.settle()
        started_s = asyncio.get_running_loop().time()
        await bench.driver.terminate()
        assert asyncio.get_running_loop().time() == started_s
        assert not preparing.done()
        with pytest.raises(ReplyTimeout):
            await preparing

    on_bench(scenario)
