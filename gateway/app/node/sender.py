"""The sender: works the outbox for as long as the node runs."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, TypeVar

from gateway.adapters.dicomnet.sending import connect
from gateway.adapters.nodestore.outbox import Outbox
from gateway.app.node.sending_work import Connect, SendingWork
from gateway.domain.node import Node
from gateway.ports.clock import WallClock

POLL_S = 0.5
GRACE_S = 3.0
"""How long an object that is on its way may take once the sender is to stop."""

S = TypeVar("S")
T = TypeVar("T")

_log = logging.getLogger(__name__)


async def run_sender(
    node: Node,
    outbox: Outbox,
    clock: WallClock,
    stop: asyncio.Event,
    connect: Connect = connect,
) -> None:
    """Send what is queued until ``stop`` is set, every destination in a thread of its own.

    A slow or dead destination holds up nobody else. Raises Blocked where another process works
    this outbox, and StoreError where the node's database fails.
    """
    threads = ThreadPoolExecutor(len(node.peers) + 1, "sender")
    sender = _Sender(SendingWork(node, outbox, clock, connect), threads)
    stopping = asyncio.create_task(stop.wait())
    with ExitStack() as held:
        try:
            await sender.in_thread(held.enter_context, outbox.sole_sender())
            await sender.run(stopping)
        finally:
            stopping.cancel()
            await asyncio.wait((stopping,))
            await sender.stop()
            await asyncio.to_thread(threads.shutdown)


class _Sender:
    def __init__(self, work: SendingWork, threads: ThreadPoolExecutor) -> None:
        self._work = work
        self._threads = threads
        self._running: dict[str, asyncio.Future[None]] = {}

    def in_thread(self, do: Callable[[T], S], value: T) -> "asyncio.Future[S]":
        return asyncio.get_running_loop().run_in_executor(self._threads, do, value)

    async def run(self, stopping: "asyncio.Task[bool]") -> None:
        while not stopping.done():
            await self._begin()
            waited: list[asyncio.Future[Any]] = [stopping, *self._running.values()]
            await asyncio.wait(waited, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
            self._reap()

    async def stop(self) -> None:
        """Let what is on its way arrive, for a moment; then break it off."""
        self._work.stopping.set()
        running = list(self._running.values())
        if running:
            await asyncio.wait(running, timeout=GRACE_S)
        for link in list(self._work.links.values()):
            await asyncio.to_thread(link.abort)
        for failure in await asyncio.gather(*running, return_exceptions=True):
            if failure is not None:
                _log.error("the sender ended with: %s", failure)

    async def _begin(self) -> None:
        """Begin with every destination that something is due for, and that is not worked yet."""
        now_ns = self._work.clock.now_ns()
        for destination in await self.in_thread(self._work.outbox.due_destinations, now_ns):
            if destination not in self._running:
                self._running[destination] = self.in_thread(self._work.work, destination)

    def _reap(self) -> None:
        """Forget what has ended. Raises StoreError out of it."""
        for destination, working in list(self._running.items()):
            if working.done():
                del self._running[destination]
                working.result()
