"""What people outside of a running delivery may ask of it: hold, resume, abort."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from gateway.delivery.session import DeliverySession
from gateway.domain.errors import GatewayError

Tell = Callable[[Mapping[str, Any]], None]
"""Told ``{"key", "delivery_id", "status", "text"}``; status: accepted, then done or refused."""


@dataclass(slots=True)
class _Running:
    """The session that can be asked, in its loop."""

    delivery_id: str
    session: DeliverySession
    loop: asyncio.AbstractEventLoop
    tasks: "set[asyncio.Task[None]]" = field(default_factory=set)


class Control:
    """Asked from any thread; what is asked is done in the session's loop, and answered by ``tell``.

    Whoever asks names the delivery: what comes too late never concerns the next one.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def ask(self, wanted: Mapping[str, Any]) -> None:
        """``{"key", "do", "delivery_id", "by"}``; do is ``hold``, ``resume`` or ``abort``."""
        with self._lock:
            running = self._running
            if running is not None and running.delivery_id == wanted["delivery_id"]:
                running.loop.call_soon_threadsafe(self._begin, running, wanted)
                return
        self._answer(wanted, "refused", f"delivery {wanted['delivery_id']} does not run")

    @asynccontextmanager
    async def over(self, delivery_id: str, session: DeliverySession) -> AsyncIterator[None]:
        """While the block runs the session can be asked; what is not done by its end is refused."""
        running = _Running(delivery_id, session, asyncio.get_running_loop())
        with self._lock:
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
