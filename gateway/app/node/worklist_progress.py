"""Progress of a treatment, told at a bounded rate: the newest counts, and no beam waits for it."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Self

from gateway.app.node.worklist_performer import log, plain
from gateway.domain.errors import GatewayError
from gateway.domain.worklist import Progress

PERIOD_S = 2.0


class ProgressTeller:
    """Tells from within ``async with``; leaving it waits for what is being told.

    ``spans_mu`` are the start and end meterset by beam; ``tell`` may block, and is called in a
    thread. A failure is told once, until it goes well again.
    """

    def __init__(
        self,
        spans_mu: Mapping[int, tuple[float, float]],
        tell: Callable[[Progress], None],
        period_s: float = PERIOD_S,
    ) -> None:
        self._spans_mu = spans_mu
        self._tell = tell
        self._period_s = period_s
        self._delivered_mu: dict[int, float] = {}
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._failing = False
        self._told: Progress | None = None
        self._task: asyncio.Task[None] | None = None
        self.latest: Progress | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="progress")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        self._news.set()
        if self._task is not None:
            await self._task

    def note(self, beam_number: int, meterset_mu: float, _end_mu: float) -> None:
        """How far a beam is; returns at once."""
        start_mu, _ = self._spans_mu.get(beam_number, (0.0, 0.0))
        self._delivered_mu[beam_number] = max(meterset_mu - start_mu, 0.0)
        self.latest = Progress(self._percent(), beam_number)
        self._news.set()

    def _percent(self) -> float:
        whole_mu = sum(end - start for start, end in self._spans_mu.values())
        done_mu = sum(self._delivered_mu.values())
        return min(100.0, 100.0 * done_mu / whole_mu) if whole_mu > 0.0 else 0.0

    async def _run(self) -> None:
        while not self._over.is_set():
            await self._news.wait()
            self._news.clear()
            await self._tell_news()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), self._period_s)
        if not self._failing:
            await self._tell_news()

    async def _tell_news(self) -> None:
        latest = self.latest
        if latest is not None and latest is not self._told:
            self._told = latest
            await asyncio.to_thread(self._try_to_tell, latest)

    def _try_to_tell(self, progress: Progress) -> None:
        try:
            self._tell(progress)
        except GatewayError as problem:
            if not self._failing:
                log.warning("%s; the treatment goes on", plain(problem))
            self._failing = True
        else:
            self._failing = False
