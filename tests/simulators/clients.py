"""Clients of a served room, on memory streams and the loop's own time."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from gateway.adapters.streams.memory import memory_pair
from gateway.domain.errors import LinkLost, RemoteProtocolError
from gateway.ports.simulation import SimulatedRoom
from gateway.ports.stream import ByteStream
from simulators.linac import messages as m
from simulators.linac.states import State
from simulators.wire.framing import Deframer, Frame, encode_frame, encode_string
from tests.simulators.builders import request

TELEMETRY, EVENT = 0x84, 0x85
ACK, NAK, WELCOME = 0x82, 0x83, 0x81


@asynccontextmanager
async def living(room: SimulatedRoom) -> AsyncIterator[Callable[[str], ByteStream]]:
    """The room runs; gives a function that opens a stream to a device."""
    tasks = [asyncio.create_task(room.run())]

    def connect(device: str) -> ByteStream:
        ours, theirs = memory_pair()
        tasks.append(asyncio.create_task(room.serve(device, theirs)))
        return ours

    try:
        yield connect
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        room.close()
    for task in tasks:
        if not task.cancelled():
            task.result()


class Client:
    """Keeps every frame that comes, and how the link ended."""

    def __init__(self, stream: ByteStream, magic: bytes) -> None:
        self.stream = stream
        self.magic = magic
        self.raw = bytearray()
        self.frames: list[Frame] = []
        self.ended = ""
        self.sequence = 0
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.stream.aclose()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])

    async def _read(self) -> None:
        deframer = Deframer(self.magic, 1 << 24)
        try:
            while data := await self.stream.receive():
                self.raw += data
                for frame in deframer.feed(data):
                    self.frames.append(frame)
            self.ended = "closed"
        except RemoteProtocolError as error:
            self.ended = f"garbage: {error}"
        except LinkLost:
            self.ended = "lost"

    def of(self, kind: int) -> list[Frame]:
        return [frame for frame in self.frames if frame.type == kind]

    async def reply(self, bound_s: float = 60.0) -> Frame:
        """The reply to the last request."""
        return await self.until(
            lambda: next((f for f in self.frames if self._is_reply(f)), None), bound_s
        )

    async def until(self, found: Callable[[], Frame | None], bound_s: float = 60.0) -> Frame:
        """What ``found`` finds, looked for every 20 ms."""
        for _ in range(round(bound_s / 0.02)):
            if (thing := found()) is not None:
                return thing
            await asyncio.sleep(0.02)
        raise AssertionError(f"nothing within {bound_s} s; the link: {self.ended or 'open'}")

    def _is_reply(self, frame: Frame) -> bool:
        spoken = frame.type not in ((TELEMETRY, EVENT) if self.magic == b"LC" else (0x85,))
        return spoken and frame.sequence == self.sequence


class LinacClient(Client):
    """Speaks LCP/1."""

    def __init__(self, stream: ByteStream) -> None:
        super().__init__(stream, b"LC")
        self._beating: asyncio.Task[None] | None = None

    async def ask(self, command: m.Command | m.Hello) -> Frame:
        await self.tell(command)
        return await self.reply()

    async def tell(self, command: m.Command | m.Hello) -> None:
        self.sequence += 1
        await self.stream.send(request(command, self.sequence))

    async def hello(self) -> Frame:
        return await self.ask(m.Hello(1, "test"))

    async def load(self, commands: list[m.Command]) -> Frame:
        for command in commands[:-1]:
            await self.tell(command)
        return await self.ask(commands[-1])

    async def beat(self) -> None:
        """A heartbeat now; they carry a number of their own."""
        await self.stream.send(request(m.Heartbeat(), 0))

    async def prepare(self, commands: list[m.Command]) -> int:
        end = commands[-1]
        assert isinstance(end, m.LoadEnd)
        assert (await self.load(commands)).type == ACK
        assert (await self.ask(m.Prepare())).type == ACK
        await self.wait_for(State.PREPARED)
        return end.crc32

    async def start(self, commands: list[m.Command]) -> None:
        """From load to beam on."""
        crc32 = await self.prepare(commands)
        assert (await self.ask(m.BeamOn(crc32))).type == ACK

    async def wait_for(self, *states: State, bound_s: float = 60.0) -> State:
        """With heartbeats every 100 ms."""
        for _ in range(round(bound_s / 0.1)):
            last = self.of(TELEMETRY)[-1:]
            if last and self.state(last[0]) in states:
                return self.state(last[0])
            await self.beat()
            await asyncio.sleep(0.1)
        raise AssertionError(f"{states} did not come; {self.state(last[0]).name}")

    @staticmethod
    def state(frame: Frame) -> State:
        return State(frame.payload[8])

    def codes(self) -> list[str]:
        """Of the events."""
        return [frame.payload[12 : 12 + frame.payload[11]].decode() for frame in self.of(EVENT)]


class ImagerClient(Client):
    """Speaks PFP/1."""

    def __init__(self, stream: ByteStream) -> None:
        super().__init__(stream, b"PF")

    async def ask(self, kind: int, payload: bytes = b"") -> Frame:
        self.sequence += 1
        await self.stream.send(encode_frame(b"PF", kind, self.sequence, payload))
        return await self.reply()

    async def hello(self) -> Frame:
        return await self.ask(0x01, struct.pack("<H", 1) + encode_string("test"))

    async def start(self, beam: int, cine_mhz: int = 0) -> Frame:
        return await self.ask(0x02, struct.pack("<HBI", beam, int(cine_mhz > 0), cine_mhz))

    async def finish(self) -> int:
        frame = await self.ask(0x03)
        assert frame.type == 0x84
        (count,) = struct.unpack("<I", frame.payload)
        return int(count)
