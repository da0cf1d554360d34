"""What run promises at any speed: results, errors, interrupts, and time at its factor."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest

from gateway.timeloop import run

SPEEDS = [None, 1.0, 50.0]
SLACK_S = 0.5
"""A busy machine may wake a loop late; never early."""


@pytest.fixture(params=SPEEDS, ids=["simulated", "real", "fifty-fold"])
def speed(request: pytest.FixtureRequest) -> float | None:
    found: float | None = request.param
    return found


def test_the_result_is_returned(speed: float | None) -> None:
    async def main() -> str:
        await asyncio.sleep(0.001)
        return "done"

    assert run(main(), speed) == "done"


def test_errors_are_raised_as_they_are(speed: float | None) -> None:
    error = ValueError("out of range")

    async def main() -> None:
        await asyncio.to_thread(lambda: None)
        raise error

    with pytest.raises(ValueError, match="out of range") as raised:
        run(main(), speed)
    assert raised.value is error


def test_loop_time_starts_at_zero_and_never_runs_back(speed: float | None) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        times = [loop.time()]
        assert times[0] < SLACK_S * (speed or 1.0)
        for _ in range(20):
            await asyncio.sleep(0.001)
            times.append(loop.time())
        assert times == sorted(times)
        assert times[-1] >= 0.02 - 20 * 1e-9  # each sleep is met to the clock's resolution

    run(main(), speed)


@pytest.mark.parametrize("factor", [1.0, 2.0, 50.0])
def test_time_runs_at_its_factor(factor: float) -> None:
    async def main() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        started_s, began_s = time.monotonic(), loop.time()
        await asyncio.sleep(0.05 * factor)
        return time.monotonic() - started_s, loop.time() - began_s

    real_s, loop_s = run(main(), factor)
    assert 0.05 - 1e-6 <= real_s < 0.05 + SLACK_S
    assert loop_s == pytest.approx(real_s * factor, abs=factor * 1e-3)  # two clocks read in turn


def test_timers_are_not_rounded_up_to_a_millisecond() -> None:
    """The median of short sleeps: a loop on epoll would take a millisecond at least."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        late_s: list[float] = []
        for _ in range(101):
            due_s = loop.time() + 0.0002
            await asyncio.sleep(0.0002)
            late_s.append(loop.time() - due_s)
        return sorted(late_s)[50]

    assert run(main(), 1.0) < 0.0006


def test_an_interrupt_cancels_main_lets_it_clean_up_and_is_raised(speed: float | None) -> None:
    course: list[str] = []

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.01, signal.raise_signal, signal.SIGINT)
        try:
            await asyncio.sleep(1000.0)
        except asyncio.CancelledError:
            course.append("cancelled")
            await asyncio.sleep(0.01)
            await asyncio.to_thread(course.append, "cleaned up")
            raise

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(main(), speed)
    assert course == ["cancelled", "cleaned up"]
    assert signal.getsignal(signal.SIGINT) is before


def test_main_may_turn_an_interrupt_into_a_result(speed: float | None) -> None:
    async def main() -> str:
        asyncio.get_running_loop().call_later(0.01, signal.raise_signal, signal.SIGINT)
        try:
            await asyncio.sleep(1000.0)
        except asyncio.CancelledError:
            return "terminated"
        return "complete"

    assert run(main(), speed) == "terminated"


def test_an_interrupt_is_heard_while_a_thread_works(speed: float | None) -> None:
    """Simulated time stands still then: the loop waits for the thread, and for signals."""

    async def main() -> None:
        await asyncio.to_thread(os.kill, os.getpid(), signal.SIGINT)
        await asyncio.sleep(1000.0)

    with pytest.raises(KeyboardInterrupt):
        run(main(), speed)


def test_a_second_interrupt_ends_a_clean_up_that_hangs() -> None:
    code = """
import asyncio, signal
from gateway.timeloop import run

async def main():
    loop = asyncio.get_running_loop()
    try:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(1000)
    except asyncio.CancelledError:
        loop.call_later(0.01, signal.raise_signal, signal.SIGINT)
        await loop.create_future()

try:
    run(main(), 1.0)
except KeyboardInterrupt:
    print("interrupted")
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "interrupted\n", done.stderr


def test_each_run_has_a_loop_of_its_own(speed: float | None) -> None:
    async def main() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    one, other = run(main(), speed), run(main(), speed)
    assert one is not other
    assert one.is_closed()
    assert other.is_closed()
