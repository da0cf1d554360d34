"""Keeps a process alive: what ends is started again, later each time it ends at once."""

import asyncio
import logging
from collections.abc import Callable

from gateway.app.node.children import Child
from gateway.domain.errors import LinkError

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 30.0
SOUND_S = 60.0

_log = logging.getLogger(__name__)


class Keeper:
    """Runs what ``make`` makes, for as long as it is wanted; ``started`` is told of each start."""

    def __init__(
        self, name: str, make: Callable[[], Child], started: Callable[[], None] | None = None
    ) -> None:
        self.name = name
        self._make = make
        self._started = started or _untold
        self._child = make()
        self._watch: asyncio.Task[None] | None = None
        self.starts = 0

    @property
    def child(self) -> Child:
        """The process as it is now."""
        return self._child

    async def start(self) -> Child:
        """Start it, and keep it. Raises LinkLost, ReplyTimeout when it will not start."""
        await self._child.start()
        self._count()
        self._watch = asyncio.create_task(self._keep(), name=f"keep-{self.name}")
        return self._child

    async def stop(self) -> None:
        """End it; idempotent."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait((self._watch,))
        await self._child.stop()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = FIRST_PAUSE_S
        while True:
            started_s = loop.time()
            code = await self._child.ended()
            if loop.time() - started_s > SOUND_S:
                pause_s = FIRST_PAUSE_S
            _log.error(
                "the %s process ended with %d; started again in %g s", self.name, code, pause_s
            )
            await asyncio.sleep(pause_s)
            pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)
            await self._again()

    async def _again(self) -> None:
        self._child = self._make()
        try:
            await self._child.start()
        except LinkError as reason:
            _log.error("the %s process: %s", self.name, reason)
            await self._child.stop()
            return
        self._count()

    def _count(self) -> None:
        self.starts += 1
        self._started()


def _untold() -> None:
    """Nobody wants to know."""
