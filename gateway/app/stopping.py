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


async def stoppable(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work``; the first of SIGNALS cancels it, later ones change nothing.

    Returns when ``work`` has ended, also when it was stopped.
    """
    task = asyncio.ensure_future(work)
    stopped: list[str] = []

    def stop(name: str) -> None:
        if not stopped:
            _log.warning("%s: turning the beam off", name)
            task.cancel()
        stopped.append(name)

    loop = asyncio.get_running_loop()
    handled = _handled()
    for number in handled:
        loop.add_signal_handler(number, stop, number.name)
    try:
        await task
    except asyncio.CancelledError:
        if not stopped:
            raise
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


@contextmanager
def finishing() -> Iterator[None]:
    """Finish a record: SIGNALS wait until it is written, since the beam is off already."""
    handled = _handled()
    before = {number: signal.signal(number, _say) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(number: int, _frame: FrameType | None) -> None:
    _log.warning("%s: the record is finished first", signal.Signals(number).name)


def _handled() -> tuple[signal.Signals, ...]:
    """Only the main thread may handle signals."""
    return SIGNALS if threading.current_thread() is threading.main_thread() else ()
