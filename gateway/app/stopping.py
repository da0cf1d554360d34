"""Stopping by a signal: the beam goes off, the record is kept."""

import asyncio
import logging
import signal
import threading
from collections.abc import Coroutine
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
    handled = SIGNALS if threading.current_thread() is threading.main_thread() else ()
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
