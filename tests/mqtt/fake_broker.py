"""A broker that does as the test says: acknowledges or not, stops reading, sends rubbish."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE = 1, 2, 3, 4, 8
PINGREQ, PINGRESP = 12, 13


@dataclass
class FakeBroker:
    """``packets`` counts what came, by MQTT's packet type (3.1.1, 2.2.1)."""

    packets: dict[int, int] = field(default_factory=dict)
    connections: int = 0
    reads: bool = True
    acknowledges: bool = True
    unacknowledged: int = 0
    unwanted: bytes = b""
    stalled: asyncio.Event = field(default_factory=asyncio.Event)
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.connected.set()
        with contextlib.suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            await self._serve(reader, writer)
        self._tasks.discard(task)
        writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            if not self.reads and CONNECT in self.packets:
                self.stalled.set()
                await asyncio.Event().wait()
            kind, flags, body = await _packet(reader)
            self.packets[kind] = self.packets.get(kind, 0) + 1
            if kind == CONNECT:
                writer.write(bytes((CONNACK << 4, 2, 0, 0)) + self.unwanted)
            elif kind == PUBLISH and flags & 0b0110 == 0b0010:
                length = int.from_bytes(body[:2], "big")
                if not self.acknowledges:
                    self.unacknowledged += 1
                    continue
                writer.write(bytes((PUBACK << 4, 2)) + body[2 + length : 4 + length])
            elif kind == PINGREQ:
                writer.write(bytes((PINGRESP << 4, 0)))
            await writer.drain()


async def _packet(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    (first,) = await reader.readexactly(1)
    length, shift = 0, 0
    while True:
        (byte,) = await reader.readexactly(1)
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return first >> 4, first & 0xF, await reader.readexactly(length)


def publish_packet(topic: str, payload: bytes) -> bytes:
    """QoS 0, shorter than 128 bytes."""
    body = len(topic).to_bytes(2, "big") + topic.encode() + payload
    return bytes((PUBLISH << 4, len(body))) + body


@asynccontextmanager
async def fake_broker() -> AsyncIterator[tuple[FakeBroker, int]]:
    """The broker and its port."""
    broker = FakeBroker()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0, limit=4096)
    try:
        yield broker, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in set(broker._tasks):
            task.cancel()
        await server.wait_closed()
        if broker._tasks:
            await asyncio.wait(set(broker._tasks))
