"""Simulated time: it jumps when nothing is ready and stands still while a thread works."""

import asyncio
import inspect
import socket
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.streams.memory import memory_pair
from gateway.adapters.streams.tcp import open_tcp, serve_tcp
from gateway.ports.stream import ByteStream
from gateway.timeloop import DeadlockError, SimulatedTimeLoop, run

YEAR_S = 365 * 24 * 3600.0
RESOLUTION_S = 1e-9
"""Timers closer than this are one to the loop."""


def now() -> float:
    return asyncio.get_running_loop().time()


def simulated(main: Coroutine[Any, Any, Any]) -> Any:
    return run(main, None)


def test_a_year_passes_at_once() -> None:
    async def main() -> float:
        assert now() == 0.0
        await asyncio.sleep(YEAR_S)
        return now()

    started_s = time.monotonic()
    assert simulated(main()) == pytest.approx(YEAR_S, abs=RESOLUTION_S)
    assert time.monotonic() - started_s < 5.0  # a generous bound: 365 jumps of a day each


@given(delays=st.lists(st.floats(0.0, 1000.0), max_size=30))
def test_timers_fire_in_their_order_at_their_time(delays: list[float]) -> None:
    fired: list[tuple[float, float]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for delay in delays:
            loop.call_at(delay, lambda delay=delay: fired.append((delay, now())))
        await asyncio.sleep(2000.0)

    simulated(main())
    assert [delay for delay, _ in fired] == sorted(delays, key=lambda delay: round(delay * 1e9))
    for delay, at in fired:
        assert at == pytest.approx(delay, abs=RESOLUTION_S)


@given(jumps=st.lists(st.integers(1, 10**9), min_size=1, max_size=50))
def test_time_does_not_depend_on_the_jumps_that_led_to_it(jumps: list[int]) -> None:
    end_ns = 10**11

    async def main() -> float:
        loop = asyncio.get_running_loop()
        at_ns = 0
        for jump_ns in jumps:
            at_ns += jump_ns
            loop.call_at(at_ns / 1e9, lambda: None)
        for _ in jumps:
            await asyncio.sleep(0.1)
        until: asyncio.Future[float] = loop.create_future()
        loop.call_at(end_ns / 1e9, lambda: until.set_result(now()))
        return await until

    assert simulated(main()) == end_ns / 1e9


@given(
    fillers=st.lists(st.integers(0, 3), max_size=10),
    count=st.integers(2, 20),
)
def test_timers_of_one_moment_fire_as_they_were_set(fillers: list[int], count: int) -> None:
    fired: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for delay in fillers:
            loop.call_later(delay, lambda: None)
        for number in range(count):
            loop.call_at(1.0 if number % 2 else 0.7 + 0.3, fired.append, number)
        await asyncio.sleep(2.0)

    simulated(main())
    assert fired == list(range(count))


def test_what_is_ready_runs_before_time_goes_on() -> None:
    async def main() -> None:
        order: list[str] = []
        loop = asyncio.get_running_loop()
        loop.call_later(0.001, order.append, "timer")
        for _ in range(1000):
            await asyncio.sleep(0)
        assert order == []
        assert now() == 0.0
        await asyncio.sleep(0.001)
        assert order == ["timer"]

    simulated(main())


def test_a_cancelled_timer_does_not_hold_time() -> None:
    async def main() -> float:
        asyncio.get_running_loop().call_later(1.0, pytest.fail).cancel()
        await asyncio.sleep(2.0)
        return now()

    assert simulated(main()) == pytest.approx(2.0, abs=RESOLUTION_S)


def test_a_timeout_is_met_to_the_resolution() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.25):
                await asyncio.Event().wait()
        return now()

    assert simulated(main()) == pytest.approx(0.25, abs=RESOLUTION_S)


@pytest.mark.parametrize("own_executor", [False, True])
def test_time_stands_still_while_a_thread_works(*, own_executor: bool) -> None:
    """A timer of this loop that is due long before the thread is done does not fire before."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        fired = threading.Event()
        loop.call_later(0.001, fired.set)
        with ThreadPoolExecutor(1) as executor:
            work = loop.run_in_executor(executor if own_executor else None, fired.wait, REAL_WORK_S)
            assert not await work
        assert now() == 0.0
        await asyncio.sleep(0.002)
        assert fired.is_set()

    simulated(main())


REAL_WORK_S = 0.05
"""How long a thread works for; timers would have had all that time."""


def test_time_stands_still_until_the_last_of_several_threads() -> None:
    async def main() -> None:
        fired = threading.Event()
        asyncio.get_running_loop().call_later(0.001, fired.set)
        quick = asyncio.to_thread(lambda: None)
        slow = asyncio.to_thread(fired.wait, REAL_WORK_S)
        assert await asyncio.gather(quick, slow) == [None, False]
        assert now() == 0.0

    simulated(main())


def test_what_a_thread_raises_arrives() -> None:
    def fails() -> None:
        raise ZeroDivisionError

    async def main() -> float:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(fails)
        await asyncio.sleep(1.0)
        return now()

    assert simulated(main()) == pytest.approx(1.0, abs=RESOLUTION_S)


def test_work_that_is_not_awaited_any_more_does_not_hold_time() -> None:
    async def main() -> float:
        release = threading.Event()
        work = asyncio.get_running_loop().run_in_executor(None, release.wait, 60.0)
        work.cancel()
        await asyncio.sleep(1.0)
        release.set()
        return now()

    assert simulated(main()) == pytest.approx(1.0, abs=RESOLUTION_S)


def test_a_thread_wakes_the_loop() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        heard = asyncio.Event()
        may_end = threading.Event()

        def work() -> bool:
            loop.call_soon_threadsafe(heard.set)
            return may_end.wait(60.0)

        working = loop.run_in_executor(None, work)
        await heard.wait()
        assert now() == 0.0
        may_end.set()
        assert await working

    simulated(main())


def test_a_wait_that_cannot_end_is_a_deadlock() -> None:
    async def main() -> None:
        await asyncio.sleep(3.0)
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError, match="no timer is set"):
        simulated(main())


def test_two_that_wait_for_each_other_are_a_deadlock() -> None:
    async def main() -> None:
        near, far = memory_pair()
        await asyncio.gather(near.receive(), far.receive())

    with pytest.raises(DeadlockError):
        simulated(main())


def test_sockets_are_served() -> None:
    async def main() -> bytes:
        async def echo(stream: ByteStream) -> None:
            while data := await stream.receive():
                await stream.send(data)

        server = await serve_tcp("127.0.0.1", 0, echo)
        stream = await open_tcp("127.0.0.1", server.port, 5.0)
        received = b""
        for number in range(50):
            await stream.send(bytes([number]))
            await asyncio.sleep(0.02)
            received += await stream.receive()
        await stream.aclose()
        await server.aclose()
        assert now() == pytest.approx(1.0, abs=50 * RESOLUTION_S)
        return received

    assert simulated(main()) == bytes(range(50))


def test_a_socket_is_heard_before_time_goes_on() -> None:
    async def main() -> float:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)  # noqa: FBT003  # the name of the argument is positional only
            theirs.send(b"x")
            async with asyncio.timeout(1.0):
                assert await asyncio.get_running_loop().sock_recv(ours, 1) == b"x"
        return now()

    assert simulated(main()) == 0.0


def test_the_same_program_takes_the_same_course_twice() -> None:
    async def main() -> list[tuple[str, float]]:
        course: list[tuple[str, float]] = []

        async def walk(name: str, step_s: float) -> None:
            for _ in range(20):
                await asyncio.sleep(step_s)
                if len(course) % 7 == 0:
                    await asyncio.to_thread(time.monotonic)
                course.append((name, now()))

        async with asyncio.TaskGroup() as group:
            for name, step_s in (("a", 0.02), ("b", 0.03), ("c", 0.05)):
                group.create_task(walk(name, step_s))
        return course

    assert simulated(main()) == simulated(main())


def test_signatures_are_those_of_the_base() -> None:
    """Whatever later versions of Python pass by position or by name."""
    for name in ("run_in_executor", "shutdown_default_executor", "time"):
        ours = inspect.signature(getattr(SimulatedTimeLoop, name))
        base = inspect.signature(getattr(asyncio.SelectorEventLoop, name))
        arguments = ["x"] * (len(base.parameters) - 1)
        ours.bind(None, *arguments)
        base.bind(None, *arguments)
