"""One polled connection to a Grbl controller."""

import asyncio
import contextlib
from collections.abc import Callable

from drivers.couch_grbl import messages as m
from drivers.couch_grbl.protocol import GrblProtocol, Pushed, Report, Request
from drivers.couch_grbl.reports import Reports
from drivers.session import Session
from gateway.domain.errors import (
    GatewayError,
    LinkLost,
    MachineFault,
    RemoteProtocolError,
    ReplyTimeout,
)
from gateway.ports.stream import ByteStream

VERSION = "1.1"
_UNLOCK = "a person must look at the couch and unlock its controller ($X), then connect again"


class CouchConnection:
    """Polls, and keeps the couch stopped once it was halted.

    An alarm or a restart of the controller ends the connection with MachineFault. A jog cancel
    can overtake a jog that the controller has not yet accepted; so while the couch is halted,
    every report that still shows motion is answered by another cancel.
    """

    def __init__(
        self,
        stream: ByteStream,
        poll_period_s: float,
        on_report: Callable[[Report], None],
        on_lost: Callable[[GatewayError], None],
    ) -> None:
        self._protocol = GrblProtocol()
        self._session: Session[Request, m.Ok, Pushed] = Session(
            stream, self._protocol, self._take, self._lose
        )
        self._poll_period_s = poll_period_s
        self._on_report = on_report
        self._on_lost = on_lost
        self._reports = Reports()
        self._version = ""
        self._halted = False
        self._ready = False
        self._timer: asyncio.TimerHandle | None = None

    async def negotiate(self, position_timeout_s: float, reply_timeout_s: float) -> str:
        """Start polling; the controller's name and version once its position is known.

        Raises MachineFault when it is locked, RemoteProtocolError when it is not Grbl 1.1,
        ReplyTimeout, and what ended the link.
        """
        self._poll(asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(position_timeout_s):
                await self._known_position(reply_timeout_s)
        except TimeoutError:
            raise ReplyTimeout(
                f"no report had the couch's machine position within {position_timeout_s:g} s"
            ) from None
        await self.ask(m.AskBuildInfo(), reply_timeout_s)
        self._session.check()
        version, _, name = self._version.partition(":")
        if not version.startswith(VERSION):
            raise RemoteProtocolError(f"the controller is Grbl {version or '?'}, wanted {VERSION}")
        self._ready = True
        return f"Grbl {version} {name}".rstrip(" .")

    async def ask(self, line: m.Line, timeout_s: float) -> None:
        """Send a line once and wait until it is accepted. Raises MachineFault, ReplyTimeout."""
        await self._session.ask(line, timeout_s)

    async def report(self, timeout_s: float) -> Report:
        """Ask for a report and wait for the next."""
        self._session.post(m.RealTime.STATUS)
        return await self.next_report(timeout_s)

    async def next_report(self, timeout_s: float) -> Report:
        """Wait for the next report of the poll. Raises ReplyTimeout, and what ended the link."""
        return await self._reports.next(timeout_s)

    def halt(self) -> None:
        """Stop all motion now and until :meth:`release`. Raises LinkLost."""
        self._halted = True
        self._session.post(m.RealTime.JOG_CANCEL)

    def release(self) -> None:
        """Allow motion."""
        self._halted = False

    @property
    def quiet(self) -> bool:
        """Whether every line that was sent is answered."""
        return self._protocol.unanswered == 0

    async def aclose(self, timeout_s: float) -> None:
        """Close; idempotent, never raises."""
        self._stop_polling()
        await self._session.aclose(timeout_s)

    async def _known_position(self, timeout_s: float) -> None:
        while (await self.next_report(timeout_s + self._poll_period_s)).position is None:
            pass

    def _poll(self, due_s: float) -> None:
        loop = asyncio.get_running_loop()
        due_s = max(due_s + self._poll_period_s, loop.time())
        self._timer = loop.call_at(due_s, self._poll, due_s)
        with contextlib.suppress(LinkLost):
            self._session.post(m.RealTime.STATUS)

    def _stop_polling(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _take(self, pushed: Pushed) -> None:
        if isinstance(pushed, Report):
            self._take_report(pushed)
        elif isinstance(pushed, m.Alarm):
            raise MachineFault(f"ALARM:{pushed.code}", f"the couch is locked: {_UNLOCK}")
        elif isinstance(pushed, m.Banner) and self._ready:
            raise MachineFault("RESET", f"the couch controller restarted: {_UNLOCK}")
        elif isinstance(pushed, m.Feedback) and pushed.kind == "VER":
            self._version = pushed.text

    def _take_report(self, report: Report) -> None:
        if report.locked:
            raise MachineFault("ALARM", f"the couch is locked by an alarm: {_UNLOCK}")
        if self._halted and report.moving:
            self._session.post(m.RealTime.JOG_CANCEL)
        self._on_report(report)
        self._reports.put(report)

    def _lose(self, error: GatewayError) -> None:
        self._stop_polling()
        self._reports.fail(error)
        if self._ready:
            self._on_lost(error)
