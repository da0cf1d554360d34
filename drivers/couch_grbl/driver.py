"""The couch's linear drives over Grbl 1.1; fulfils gateway.ports.devices.CouchDriver."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from drivers.couch_grbl import axes
from drivers.couch_grbl import messages as m
from drivers.couch_grbl.connection import CouchConnection
from drivers.couch_grbl.protocol import Report
from drivers.session import open_within
from gateway.domain.axes import Axis
from gateway.domain.delivery import CouchSample
from gateway.domain.errors import (
    GatewayError,
    LinkLost,
    LocalProtocolError,
    MachineFault,
    ReplyTimeout,
)
from gateway.domain.room import Room
from gateway.domain.units import NS_PER_S
from gateway.ports.stream import StreamOpener

ON_TARGET_MM = 0.05


class GrblCouchDriver:
    """One couch, polled on one serial line; one connection at a time.

    An alarm or a restart of the controller ends the connection: waiting calls raise
    MachineFault, ``on_lost`` is told it. ``on_sample`` that raises ends it as well: the loop's
    exception handler gets the exception, ``on_lost`` a LocalProtocolError.
    """

    def __init__(self, open_stream: StreamOpener, room: Room) -> None:
        self._open_stream = open_stream
        self._bounds = room.bounds
        self._axes = room.couch_axes
        self._poll_period_s = room.couch.poll_period_s
        limits = room.couch.axes
        self._speeds = {row.wire_axis: limits[axis].speed for axis, row in self._axes.items()}
        self._patience_s = room.bounds.reply_timeout_s + self._poll_period_s
        self._stop_timeout_s = (
            self._patience_s
            + self._poll_period_s
            + max(limits[axis].speed / limits[axis].acceleration for axis in self._axes)
        )
        self._connection: CouchConnection | None = None
        self._moving = False
        self._stops = 0

    async def connect(
        self,
        on_sample: Callable[[CouchSample], None],
        on_lost: Callable[[GatewayError], None],
    ) -> str:
        """Open the line, start polling; e.g. ``Grbl 1.1h.20190825``. Again after a loss.

        Samples may reach ``on_sample`` before this returns. Raises ConnectFailed, ReplyTimeout,
        LinkLost, RemoteProtocolError, MachineFault (locked by an alarm: a person unlocks).
        """
        await self.aclose()
        stream = await open_within(self._open_stream, self._bounds.connect_timeout_s)
        connection = CouchConnection(
            stream, self._poll_period_s, lambda report: self._sample(report, on_sample), on_lost
        )
        try:
            name = await connection.negotiate(
                self._bounds.connect_timeout_s, self._bounds.reply_timeout_s
            )
        except BaseException:
            await connection.aclose(self._bounds.reply_timeout_s)
            raise
        self._connection = connection
        return name

    async def position(self) -> Mapping[Axis, float]:
        """Where the couch stands now (mm, IEC 61217), by a report asked for by this call."""
        return axes.to_iec(await self._stand(self._connected()), self._axes)

    async def move_to(self, target_mm: Mapping[Axis, float], timeout_s: float) -> None:
        """Move the given axes together in a straight line; returns at rest on target.

        Whatever ends it before (refusal, timeout, cancellation, :meth:`stop`) stops the couch.
        Raises LocalProtocolError (unknown axis, not finite, already moving), MachineFault
        (refused, alarm, ``STOPPED``), ReplyTimeout, LinkLost.
        """
        connection = self._connected()
        target = axes.to_wire(target_mm, self._axes)
        if self._moving:
            raise LocalProtocolError("the couch is already moving to a target")
        self._moving = True
        arrived = False
        try:
            async with asyncio.timeout(timeout_s):
                await self._travel(connection, target)
            arrived = True
        except TimeoutError:
            raise ReplyTimeout(f"the couch was not on target within {timeout_s:g} s") from None
        finally:
            self._moving = False
            if not arrived:
                with contextlib.suppress(LinkLost):
                    connection.halt()

    async def stop(self) -> None:
        """Stop all motion now; returns when the couch is at rest. As often as wanted.

        Raises ReplyTimeout when it still moves after its own stopping time, LinkLost.
        """
        connection = self._connected()
        self._stops += 1
        connection.halt()
        try:
            async with asyncio.timeout(self._stop_timeout_s):
                report = await connection.report(self._patience_s)
                while report.moving or not connection.quiet:
                    report = await connection.next_report(self._patience_s)
        except TimeoutError:
            raise ReplyTimeout(
                f"the couch still moves {self._stop_timeout_s:.1f} s after it was stopped"
            ) from None

    async def aclose(self) -> None:
        """Close the line; idempotent, never raises."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.aclose(self._bounds.reply_timeout_s)

    def _connected(self) -> CouchConnection:
        if self._connection is None:
            raise LinkLost("the couch is not connected")
        return self._connection

    async def _stand(self, connection: CouchConnection) -> m.Triple:
        report = await connection.report(self._patience_s)
        while report.position is None:
            report = await connection.next_report(self._patience_s)
        return report.position

    async def _travel(self, connection: CouchConnection, target: Mapping[str, float]) -> None:
        stops = self._stops
        jog = axes.jog(await self._stand(connection), target, self._speeds)
        self._check_not_stopped(stops)
        connection.release()
        if jog is not None:
            await connection.ask(jog, self._bounds.reply_timeout_s)
        arrived = False
        while not arrived:
            self._check_not_stopped(stops)
            report = await connection.next_report(
                self._bounds.reply_timeout_s + self._poll_period_s
            )
            arrived = report.state == "Idle" and axes.on_target(
                report.position, target, ON_TARGET_MM
            )

    def _check_not_stopped(self, stops: int) -> None:
        if stops != self._stops:
            raise MachineFault("STOPPED", "the couch was stopped on its way")

    def _sample(self, report: Report, on_sample: Callable[[CouchSample], None]) -> None:
        if report.position is not None:
            now_ns = round(asyncio.get_running_loop().time() * NS_PER_S)
            positions = axes.to_iec(report.position, self._axes)
            on_sample(CouchSample(now_ns, positions, report.moving))
