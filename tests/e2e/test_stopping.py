"""Signals turn the beam off, whenever they come, and never tear the record."""

import asyncio
import os
import signal

import pytest

from gateway.app.stopping import SIGNALS, Stopping, stopping


class Beam:
    """Work that ends when it is stopped, and takes its time for it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.on = asyncio.Event()

    async def deliver(self) -> None:
        self.said.append("on")
        self.on.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.said.append("off")


@pytest.fixture(params=SIGNALS, ids=lambda number: number.name)
def number(request: pytest.FixtureRequest) -> signal.Signals:
    return signal.Signals(request.param)


def test_a_signal_turns_the_beam_off_and_the_next_ones_change_nothing(
    number: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    beam, before = Beam(), signal.getsignal(number)

    async def work(stop: Stopping) -> None:
        delivering = asyncio.ensure_future(stop.deliver(beam.deliver()))
        await beam.on.wait()
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        await delivering

    with stopping() as stop:
        asyncio.run(work(stop))
        os.kill(os.getpid(), number)
        beam.said.append("written")
    assert beam.said == ["on", "off", "written"]
    assert caplog.messages == [
        f"{number.name}: turning the beam off",
        f"{number.name}: the record is finished first",
    ]
    assert signal.getsignal(number) is before


def test_a_signal_before_the_delivery_begins_is_not_lost(number: signal.Signals) -> None:
    beam = Beam()
    with stopping() as stop:
        os.kill(os.getpid(), number)
        asyncio.run(stop.deliver(beam.deliver()))
    assert beam.said == []


def test_a_signal_at_the_end_of_a_delivery_changes_nothing(number: signal.Signals) -> None:
    """It has ended, and nobody knows yet."""

    async def ends() -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)

    with stopping() as stop:
        asyncio.run(stop.deliver(ends()))
        os.kill(os.getpid(), number)


def test_who_is_cancelled_without_a_signal_hears_of_it() -> None:
    async def work() -> None:
        async with asyncio.timeout(0):
            with stopping() as stop:
                await stop.deliver(Beam().deliver())

    with pytest.raises(TimeoutError):
        asyncio.run(work())
