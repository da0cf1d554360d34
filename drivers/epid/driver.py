"""The portal imager over PFP/1; fulfils gateway.ports.devices.ImagerDriver."""

from collections.abc import Callable
from typing import cast

from drivers.epid import messages as m
from drivers.epid.protocol import EpidProtocol
from drivers.fields import in_steps
from drivers.session import Session, open_within
from gateway.domain.delivery import FrameKind, PanelIdentity, PortalFrame
from gateway.domain.errors import GatewayError, LinkLost
from gateway.domain.room import Room
from gateway.ports.stream import StreamOpener

CLIENT = "linac-gateway"

EpidSession = Session[m.Request, m.Answer, m.Frame]


class EpidDriver:
    """One portal imager, one connection at a time.

    ``on_frame`` is called in the order of arrival. When it raises, the link ends: the loop's
    exception handler gets the exception, ``on_lost`` a LocalProtocolError.
    """

    def __init__(self, open_stream: StreamOpener, room: Room) -> None:
        self._open_stream = open_stream
        self._bounds = room.bounds
        self._session: EpidSession | None = None

    async def connect(
        self,
        on_frame: Callable[[PortalFrame], None],
        on_lost: Callable[[GatewayError], None],
    ) -> PanelIdentity:
        """Open the link and say HELLO; again after a loss.

        Raises ConnectFailed, ReplyTimeout, LinkLost, RemoteProtocolError, MachineFault (``BUSY``).
        """
        await self.aclose()
        stream = await open_within(self._open_stream, self._bounds.connect_timeout_s)

        def lose(error: GatewayError) -> None:
            if session is self._session:
                on_lost(error)

        session: EpidSession = Session(
            stream, EpidProtocol(), lambda frame: on_frame(_portal_frame(frame)), lose
        )
        try:
            hello = m.Hello(m.PROTOCOL, CLIENT)
            answer = await session.ask(hello, self._bounds.reply_timeout_s)
            session.check()
        except BaseException:
            await session.aclose(self._bounds.reply_timeout_s)
            raise
        self._session = session
        return _identity(cast("m.Welcome", answer))

    async def start(self, beam_number: int, kind: FrameKind, frame_rate_hz: float) -> None:
        """Begin an acquisition. Raises MachineFault (``BAD_STATE``, ``LIMIT``)."""
        request = m.Start(beam_number, kind, in_steps(frame_rate_hz, m.MILLI))
        await self._ask(request, self._bounds.reply_timeout_s)

    async def finish(self, timeout_s: float) -> int:
        """End it; returns how many frames the imager acquired, all of them delivered."""
        return cast("m.Finished", await self._ask(m.Finish(), timeout_s)).frames

    async def aclose(self) -> None:
        """Close the link; idempotent, never raises."""
        session, self._session = self._session, None
        if session is not None:
            await session.aclose(self._bounds.reply_timeout_s)

    async def _ask(self, request: m.Request, timeout_s: float) -> m.Answer:
        if self._session is None:
            raise LinkLost("the portal imager is not connected")
        return await self._session.ask(request, timeout_s)


def _identity(welcome: m.Welcome) -> PanelIdentity:
    return PanelIdentity(
        welcome.manufacturer,
        welcome.model_name,
        welcome.serial_number,
        welcome.software_version,
        welcome.rows,
        welcome.columns,
        welcome.pitch / m.MILLI,
        welcome.sid / m.MILLI,
        welcome.bits,
    )


def _portal_frame(frame: m.Frame) -> PortalFrame:
    return PortalFrame(
        frame.kind,
        frame.beam_number,
        frame.number,
        frame.start_time_ns,
        frame.end_time_ns,
        frame.start_meterset / m.MICRO,
        frame.end_meterset / m.MICRO,
        frame.cu_per_count,
        frame.saturated,
        frame.pixels,
    )
