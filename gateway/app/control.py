"""What people outside of a running delivery may ask of it: hold, resume, abort."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from gateway.delivery.session import DeliverySession
from gateway.domain.errors import GatewayError, NotNow

Tell = Callable[[Mapping[str, Any]], None]
"""Told ``{"key", "delivery_id", "status", "text"}``; status: accepted, then done or refused."""


ABORTED = "aborted before anything was delivered"


def _nothing() -> None:
    """Nothing has to be ended."""


@dataclass(slots=True)
class _Running:
    """The session that can be asked, in its loop."""

    delivery_id: str
    session: DeliverySession
    loop: asyncio.AbstractEventLoop
    tasks: "set[asyncio.Task[None]]" = field(default_factory=set)


class Control:
    """Asked from any thread; what is asked is done in the session's loop, and answered by ``tell``.

    Whoever asks names the delivery, or the job that it is for: what comes too late never concerns
    the next one. A job that was aborted before its session runs has none; ``interrupt`` ends what
    is done for it meanwhile.
    """

    def __init__(self, tell: Tell, interrupt: Callable[[], object] = _nothing) -> None:
        self._tell = tell
        self._interrupt = interrupt
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._coming: set[str] = set()
        self._unwanted: set[str] = set()
        self._job = ""

    def expect(self, job: str) -> None:
        """A job will be taken up: from now on it can be aborted by that name."""
        with self._lock:
            self._coming.add(job)

    @contextmanager
    def taken_up(self, job: str) -> Iterator[None]:
        """The job that is at work. Raises KeyboardInterrupt where it was aborted before."""
        with self._lock:
            self._job = job
            unwanted = job in self._unwanted
        try:
            if unwanted:
                raise KeyboardInterrupt
            yield
        finally:
            with self._lock:
                self._job = ""
                self._coming.discard(job)
                self._unwanted.discard(job)

    def ask(self, wanted: Mapping[str, Any]) -> None:
        """``{"key", "do", "delivery_id", "by"}``; do is ``hold``, ``resume`` or ``abort``."""
        named = wanted["delivery_id"]
        with self._lock:
            running = self._running
            if running is not None and named in (running.delivery_id, self._job):
                running.loop.call_soon_threadsafe(self._begin, running, wanted)
                return
            unwanted = wanted["do"] == "abort" and named in self._coming
            if unwanted:
                self._unwanted.add(named)
                if named == self._job:
                    self._interrupt()
        if unwanted:
            self._answer(wanted, "done", "")
        else:
            self._answer(wanted, "refused", f"delivery {named} does not run")

    @asynccontextmanager
    async def over(self, delivery_id: str, session: DeliverySession) -> AsyncIterator[None]:
        """While the block runs the session can be asked; what is not done by its end is refused.

        Raises NotNow where the job was aborted before.
        """
        running = _Running(delivery_id, session, asyncio.get_running_loop())
        with self._lock:
            if self._job in self._unwanted:
                raise NotNow(ABORTED)
            self._coming.discard(self._job)
            self._running = running
        try:
            yield
        finally:
            with self._lock:
                self._running = None
            for task in running.tasks:
                task.cancel()
            if running.tasks:
                await asyncio.wait(running.tasks)

    def _begin(self, running: _Running, wanted: Mapping[str, Any]) -> None:
        if self._running is not running:
            self._answer(wanted, "refused", f"delivery {running.delivery_id} has ended")
            return
        task = running.loop.create_task(self._carry_out(running.session, wanted))
        running.tasks.add(task)

    async def _carry_out(self, session: DeliverySession, wanted: Mapping[str, Any]) -> None:
        do = {"hold": session.hold, "resume": session.resume, "abort": session.abort}
        try:
            self._answer(wanted, "accepted", "")
            await do[wanted["do"]](tuple(wanted["by"]))
        except GatewayError as reason:
            self._answer(wanted, "refused", str(reason))
        except asyncio.CancelledError:
            self._answer(wanted, "refused", "the delivery has ended")
            raise
        else:
            self._answer(wanted, "done", "")

    def _answer(self, wanted: Mapping[str, Any], status: str, text: str) -> None:
        named = {"key": wanted["key"], "delivery_id": wanted["delivery_id"]}
        self._tell({**named, "status": status, "text": text})


def unasked() -> Control:
    """Nobody asks."""
    return Control(lambda _: None)
