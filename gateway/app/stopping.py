"""Stopping by a signal: the beam goes off, the record is kept."""

import asyncio
import logging
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_log = logging.getLogger(__name__)


class Stopping:
    """What SIGNALS do while a delivery runs and its record is finished.

    The first cancels the delivery, also before it begins. Once it has ended they wait until the
    record is written, since the beam is off already.
    """

    def __init__(self) -> None:
        self._asked = self._ended = False
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None

    async def deliver(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work``; returns when it has ended, also when it was stopped."""
        task = asyncio.ensure_future(work)
        self._running = asyncio.get_running_loop(), task
        if self._asked:
            task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            if not self._asked:
                raise
        finally:
            self._running, self._ended = None, True

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        name = signal.Signals(number).name
        if self._ended:
            _log.warning("%s: the record is finished first", name)
        elif not self._asked:
            self._asked = True
            _log.warning("%s: turning the beam off", name)
            if self._running is not None:
                loop, task = self._running
                loop.call_soon_threadsafe(task.cancel)


@contextmanager
def stopping() -> Iterator[Stopping]:
    """From the begin of a delivery to the end of its record, SIGNALS do as Stopping says.

    Only the main thread can handle signals; in another they stay with that.
    """
    said = Stopping()
    handled = _handled()
    before = {number: signal.signal(number, said.hear) for number in handled}
    try:
        yield said
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _handled() -> tuple[signal.Signals, ...]:
    return SIGNALS if threading.current_thread() is threading.main_thread() else ()
