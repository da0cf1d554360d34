"""Event loops that run in real time, in a multiple of it, or in simulated time.

Simulated time jumps to the next timer as soon as nothing is ready to run. It stands still while
work given to a thread is outstanding, so that what a thread does takes no simulated time; and it
raises :class:`DeadlockError` instead of waiting for something that cannot come. It counts whole
nanoseconds, and timers of one nanosecond fire in the order they were set: what happens when
depends on no other timer, such as one that follows the computer's clock.
"""

import asyncio
import gc
import heapq
import math
import selectors
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from contextvars import Context
from itertools import count
from typing import Any, TypeVar, TypeVarTuple

from gateway.domain.units import NS_PER_S
from gateway.turns import short_turns

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
RESOLUTION_S = 1e-9
"""Timers closer than this are due together. It must not vanish beside the loop's time."""
JUMPS_UNASKED = 10
"""An interrupt from the keyboard waits for so many jumps of simulated time at most."""
SWITCH_INTERVAL_S = 0.0002
"""How long a thread may keep the interpreter from a loop that runs in real time."""


class DeadlockError(RuntimeError):
    """Nothing is ready, no timer is set and no thread works: the wait would be for ever."""


class _PreciseSelector(selectors.SelectSelector):
    """Waits to the microsecond (epoll rounds up to a millisecond)."""


class _ScaledTimeLoop(asyncio.SelectorEventLoop):
    """A loop whose time runs ``speed`` times as fast as the monotonic clock, from 0."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._started_s = time.monotonic()
        super().__init__(_ScaledSelector(speed))
        self._clock_resolution = RESOLUTION_S

    def time(self) -> float:
        """Seconds of loop time since the loop was made."""
        return (time.monotonic() - self._started_s) * self._speed


class _ScaledSelector(_PreciseSelector):
    """Turns a wait in loop time into one in real time."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As :meth:`selectors.BaseSelector.select`; ``timeout`` in loop seconds."""
        return super().select(None if timeout is None else timeout / self._speed)


class SimulatedTimeLoop(asyncio.SelectorEventLoop):
    """A loop whose time is simulated, from 0."""

    def __init__(self) -> None:
        self._now_ns = 0
        self._orders = count()
        self._thread_work = 0
        super().__init__(_JumpingSelector(self))
        self._clock_resolution = RESOLUTION_S

    def time(self) -> float:
        """Simulated seconds."""
        return self._now_ns / NS_PER_S

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As the base; ``when`` is rounded to the nanosecond."""
        timer = _Timer(round(when * NS_PER_S), next(self._orders), callback, args, self, context)
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]  # as the base does
        timer._scheduled = True  # type: ignore[attr-defined]  # noqa: SLF001
        return timer

    def run_in_executor(  # type: ignore[override]  # the base leaves the arguments open
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """As the base; simulated time stands still until the work is done."""
        future: asyncio.Future[T] = super().run_in_executor(executor, func, *args)
        self._thread_work += 1
        future.add_done_callback(self._thread_work_done)
        return future

    async def shutdown_default_executor(self, *timeout: float | None) -> None:
        """As the base, which waits for a thread of its own."""
        self._thread_work += 1
        try:
            await super().shutdown_default_executor(*timeout)
        finally:
            self._thread_work -= 1

    def _thread_work_done(self, _: "asyncio.Future[Any]") -> None:
        self._thread_work -= 1

    def advance(self, timeout_s: float | None) -> float | None:
        """Jump over ``timeout_s``; how long to really wait for file descriptors."""
        if self._thread_work:
            return None
        if timeout_s is None:
            raise DeadlockError("every task waits, no timer is set and no thread is at work")
        self._now_ns += round(timeout_s * NS_PER_S)
        self._clock_resolution = max(RESOLUTION_S, math.ulp(self.time()))
        return 0.0


class _Timer(asyncio.TimerHandle):
    """A timer that keeps its turn among those of its nanosecond: a heap alone does not."""

    __slots__ = ("_turn",)

    def __init__(
        self,
        when_ns: int,
        order: int,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        super().__init__(when_ns / NS_PER_S, callback, args, loop, context)
        self._turn = (when_ns, order)

    def __lt__(self, other: asyncio.TimerHandle) -> bool:
        """Whether this one comes first; a loop has no timers of another kind."""
        return self._turn < other._turn  # type: ignore[attr-defined, no-any-return]


class _JumpingSelector(selectors.DefaultSelector):
    """Does not wait: it moves the loop's time.

    A loop always listens to a socket of its own, by which threads and signals wake it. That one
    is not asked while work is ready, and else at every tenth jump: asking costs as much as the
    work.
    """

    def __init__(self, loop: SimulatedTimeLoop) -> None:
        super().__init__()
        self._loop = loop
        self._jumps = 0
        self._alone = False

    def register(self, fileobj: Any, events: int, data: object = None) -> selectors.SelectorKey:
        """As the base."""
        key = super().register(fileobj, events, data)
        self._alone = len(self.get_map()) == 1
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """As the base."""
        key = super().unregister(fileobj)
        self._alone = len(self.get_map()) == 1
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As :meth:`selectors.BaseSelector.select`; simulated time passes instead of real."""
        alone = self._alone
        if timeout == 0.0:
            return [] if alone else super().select(0.0)
        self._jumps += 1
        if timeout is None or not alone or self._jumps % JUMPS_UNASKED == 0:
            ready = super().select(0.0)
            if ready:
                return ready
        wait_s = self._loop.advance(timeout)
        return [] if wait_s == 0.0 else super().select(wait_s)


def run(main: Coroutine[Any, Any, T], speed: float | None) -> T:
    """Run ``main`` to its end in a loop of its own and return its result.

    ``speed`` None is simulated time, 1.0 real time, k real time times k. An interrupt from the
    keyboard cancels ``main``, lets it clean up, and raises KeyboardInterrupt.
    """
    if speed is None:
        with asyncio.Runner(loop_factory=SimulatedTimeLoop) as runner:
            return runner.run(main)
    with _prompt(), asyncio.Runner(loop_factory=lambda: _ScaledTimeLoop(speed)) as runner:
        return runner.run(main)


@contextmanager
def _prompt() -> Iterator[None]:
    """Nothing in this process keeps the loop from its timers for long.

    Other threads give up the interpreter soon, other processes the processor, and what was loaded
    before is no longer searched for garbage: a search of it all takes tens of milliseconds.
    """
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(min(interval_s, SWITCH_INTERVAL_S))
    gc.freeze()
    try:
        with short_turns():
            yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval_s)
