"""Calls something again and again at the times it asks for, straight from the loop's timers.

A task that sleeps takes two turns of the event loop for each call; this takes one.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType


class Metronome:
    """``beat`` is called when the loop's time is ``due()`` (s), for ever."""

    def __init__(self, due: Callable[[], float], beat: Callable[[], None], late_s: float) -> None:
        self._due = due
        self._beat = beat
        self._late_s = late_s
        self._timer: asyncio.Handle | None = None

    async def run(self) -> None:
        """Until cancelled, or until ``beat`` raises: then this raises the same.

        When the loop was held up for more than ``late_s``, what has come in meanwhile is dealt
        with first.
        """
        loop = asyncio.get_running_loop()
        failed: asyncio.Future[None] = loop.create_future()
        self._timer = loop.call_at(self._due(), self._fire, loop, failed, _PATIENCE)
        try:
            await failed
        finally:
            self._timer.cancel()

    def _fire(
        self, loop: asyncio.AbstractEventLoop, failed: asyncio.Future[None], patience: int
    ) -> None:
        if patience and loop.time() - self._due() > self._late_s:
            self._timer = loop.call_soon(self._fire, loop, failed, patience - 1)
            return
        with _Into(failed):
            self._beat()
            self._timer = loop.call_at(self._due(), self._fire, loop, failed, _PATIENCE)


_PATIENCE = 3
"""Turns of the loop in which readers wake up, receive and act."""


class _Into:
    """Hands an exception over to whoever awaits the future."""

    def __init__(self, future: asyncio.Future[None]) -> None:
        self._future = future

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Whether the exception was taken: those that end the process are not."""
        if not isinstance(error, Exception) or self._future.done():
            return False
        self._future.set_exception(error)
        return True
