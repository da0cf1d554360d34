"""The metronome: on time, once, and honest about what fails."""

import asyncio

import pytest

from gateway import timeloop
from simulators.metronome import Metronome


def test_it_calls_at_the_times_asked_for() -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        called: list[float] = []
        metronome = Metronome(
            lambda: 0.5 + 0.25 * len(called), lambda: called.append(loop.time()), 0.1
        )
        task = asyncio.create_task(metronome.run())
        await asyncio.sleep(1.6)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(5.0)
        return called

    assert timeloop.run(main(), None) == pytest.approx([0.5, 0.75, 1.0, 1.25, 1.5])


def test_what_the_call_raises_comes_out_of_run() -> None:
    def fail() -> None:
        raise ValueError("enough")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        await Metronome(lambda: loop.time() + 0.1, fail, 0.1).run()

    with pytest.raises(ValueError, match="enough"):
        timeloop.run(main(), None)
