"""The linac controller over LCP/1; fulfils gateway.ports.devices.LinacDriver."""

import asyncio
from typing import cast

from drivers.linac import convert
from drivers.linac import messages as m
from drivers.linac.mode_up import ModeUp
from drivers.linac.program import program_messages
from drivers.linac.protocol import LinacProtocol, Pushed, Sample
from drivers.session import Session, open_within
from gateway.domain.axes import AxisLayout
from gateway.domain.delivery import CounterReading, MachineIdentity, ReadBack
from gateway.domain.errors import (
    GatewayError,
    LinkLost,
    LocalProtocolError,
    RemoteProtocolError,
    ReplyTimeout,
)
from gateway.domain.program import MachineProgram
from gateway.domain.room import Room
from gateway.domain.units import NS_PER_S
from gateway.ports.devices import LinacObserver
from gateway.ports.stream import StreamOpener

CLIENT = "linac-gateway"

LinacSession = Session[m.Request, m.Answer, Pushed]


class LinacTcpDriver:
    """One linac controller, one connection at a time.

    Commands are sent once; a command cancelled while it waits may still be carried out, so
    whoever cancels terminates. An observer that raises ends the link (the machine holds the beam
    when its link closes): the loop's exception handler gets the exception, ``on_lost`` a
    LocalProtocolError.
    """

    def __init__(self, open_stream: StreamOpener, room: Room) -> None:
        self._open_stream = open_stream
        self._bounds = room.bounds
        self._session: LinacSession | None = None
        self._layout: AxisLayout | None = None
        self._program_crc32: int | None = None
        self._mode_up: ModeUp | None = None

    async def connect(self, observer: LinacObserver) -> MachineIdentity:
        """Open the link, say HELLO, start telemetry; again after a loss.

        Samples may reach ``observer`` before this returns. Raises ConnectFailed, ReplyTimeout,
        LinkLost, RemoteProtocolError, MachineFault (``BUSY``: another client has control).
        """
        await self.aclose()
        stream = await open_within(self._open_stream, self._bounds.connect_timeout_s)
        session: LinacSession = Session(
            stream,
            LinacProtocol(),
            lambda pushed: self._take(pushed, observer),
            lambda error: self._lose(session, error, observer),
        )
        try:
            hello = m.Hello(m.PROTOCOL, CLIENT)
            answer = await session.ask(hello, self._bounds.reply_timeout_s)
            session.check()
        except BaseException:
            await session.aclose(self._bounds.reply_timeout_s)
            raise
        machine = convert.identity(cast("m.Welcome", answer))
        self._session, self._layout, self._program_crc32 = session, machine.layout, None
        return machine

    async def load(self, program: MachineProgram, delivery_token: bytes) -> int:
        """Load ``program``; returns its CRC-32. ``delivery_token`` has 16 bytes.

        Raises LocalProtocolError for a program that is not in this machine's layout or that the
        wire cannot carry, MachineFault (``LIMIT``, ``BAD_PROGRAM``, ``UNKNOWN_MODE``,
        ``REPEATED``, ``BAD_STATE``), and what any request raises.
        """
        session = self._connected()
        if program.layout != self._layout:
            raise LocalProtocolError("the program is not in the layout that the machine announced")
        begin, *rows, end = program_messages(program, delivery_token)
        self._program_crc32 = None
        await self._ask(begin)
        for row in rows:
            session.post(row)
            await session.drain(self._bounds.reply_timeout_s)
        await self._ask(end)
        self._program_crc32 = cast("m.LoadEnd", end).program_crc32
        return self._program_crc32

    async def prepare(self, timeout_s: float) -> None:
        """Move to row 0 and mode up; returns when PREPARED.

        Raises MachineFault when the machine refuses, faults or terminates instead,
        ReplyTimeout after ``timeout_s``.
        """
        if self._mode_up is not None:
            raise LocalProtocolError("the machine is already being prepared")
        self._mode_up = mode_up = ModeUp()
        try:
            async with asyncio.timeout(timeout_s):
                await self._ask(m.Prepare())
                await mode_up.wait()
        except TimeoutError:
            raise ReplyTimeout(f"the machine was not PREPARED within {timeout_s:g} s") from None
        finally:
            self._mode_up = None

    async def read_back(self) -> ReadBack:
        """The machine's verified state now."""
        return convert.read_back(cast("m.ReadBackReply", await self._ask(m.AskReadBack())))

    async def beam_on(self) -> None:
        """Start the program that this connection loaded. Raises LocalProtocolError without one."""
        self._connected()
        if self._program_crc32 is None:
            raise LocalProtocolError("no program was loaded on this connection")
        await self._ask(m.BeamOn(self._program_crc32))

    async def hold(self) -> None:
        """Pause the beam."""
        await self._ask(m.Hold())

    async def resume(self) -> None:
        """Continue a held beam."""
        await self._ask(m.Resume())

    async def terminate(self) -> None:
        """End the beam for good; in every state, as often as wanted."""
        await self._ask(m.Terminate())

    async def unload(self) -> None:
        """Forget the program; the machine is IDLE."""
        await self._ask(m.Unload())
        self._program_crc32 = None

    async def read_counter(self, delivery_token: bytes, beam_number: int) -> CounterReading | None:
        """The machine's dose counter for that beam; None when it never loaded it.

        Raises RemoteProtocolError for the counter of another beam.
        """
        answer = await self._ask(m.ReadCounter(delivery_token, beam_number))
        counter = cast("m.Counter", answer)
        if (counter.token, counter.beam_number) != (delivery_token, beam_number):
            raise RemoteProtocolError(
                f"asked for the counter of beam {beam_number}, got that of beam "
                f"{counter.beam_number} or of another delivery"
            )
        return convert.counter(counter)

    async def heartbeat(self) -> None:
        """Keep the dead-man from tripping; waits for nothing."""
        self._connected().post(m.Heartbeat())

    async def aclose(self) -> None:
        """Close the link; idempotent, never raises."""
        session, self._session = self._session, None
        if session is not None:
            await session.aclose(self._bounds.reply_timeout_s)
        if self._mode_up is not None:
            self._mode_up.fail(LinkLost("closed by this side"))

    def _connected(self) -> LinacSession:
        if self._session is None:
            raise LinkLost("the linac controller is not connected")
        return self._session

    async def _ask(self, request: m.Request) -> m.Answer:
        return await self._connected().ask(request, self._bounds.reply_timeout_s)

    def _take(self, pushed: Pushed, observer: LinacObserver) -> None:
        if isinstance(pushed, Sample):
            now_ns = round(asyncio.get_running_loop().time() * NS_PER_S)
            sample = convert.sample(pushed, now_ns)
            if self._mode_up is not None:
                self._mode_up.on_sample(sample)
            observer.on_sample(sample)
        else:
            event = convert.event(pushed)
            if self._mode_up is not None:
                self._mode_up.on_event(event)
            observer.on_event(event)

    def _lose(
        self,
        session: LinacSession,
        error: GatewayError,
        observer: LinacObserver,
    ) -> None:
        if self._mode_up is not None:
            self._mode_up.fail(error)
        if session is self._session:
            observer.on_lost(error)
