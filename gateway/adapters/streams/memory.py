"""Two ends of a byte stream within one process."""

import asyncio
from collections import deque

from gateway.domain.errors import LinkLost
from gateway.ports.stream import ByteStream

HIGH_WATER_BYTES = 1 << 20


class _Pipe:
    """One direction: what one end sent and the other has not received yet."""

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._closed = False
        self._readable: asyncio.Future[None] | None = None
        self._room = asyncio.Event()

    def put(self, data: bytes) -> None:
        """Append; what is sent into a closed pipe is lost with the link."""
        if self._closed:
            raise LinkLost("the other end has closed the stream")
        if data:
            self._take(data)

    def offer(self, data: bytes) -> bool:
        """Append if there is room; whether that was so."""
        if self._closed or self._size > HIGH_WATER_BYTES:
            return False
        if data:
            self._take(data)
        return True

    def close(self) -> None:
        """No more is sent; what waits can still be received."""
        self._closed = True
        self._wake_reader()
        self._room.set()

    def abandon(self) -> None:
        """The receiving end is gone: nothing more is wanted."""
        self._chunks.clear()
        self._size = 0
        self.close()

    async def drained(self) -> None:
        """Wait until there is room; LinkLost when the stream closes before."""
        while self._size > HIGH_WATER_BYTES:
            self._room.clear()
            await self._room.wait()
            if self._closed:
                raise LinkLost("the stream was closed before all was received")

    async def get(self) -> bytes:
        """Everything that waits, at least one byte; empty at the end."""
        while not self._chunks:
            if self._closed:
                return b""
            self._readable = asyncio.get_running_loop().create_future()
            await self._readable
        data = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        self._room.set()
        return data

    def _take(self, data: bytes) -> None:
        self._chunks.append(data)
        self._size += len(data)
        self._wake_reader()

    def _wake_reader(self) -> None:
        if self._readable is not None and not self._readable.done():
            self._readable.set_result(None)


class MemoryStream:
    """One end. Implements :class:`gateway.ports.stream.ByteStream`."""

    def __init__(self, incoming: _Pipe, outgoing: _Pipe) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._closed = False

    async def receive(self) -> bytes:
        """See the port."""
        data = b"" if self._closed else await self._incoming.get()
        if self._closed:
            raise LinkLost("the stream is closed")
        return data

    async def send(self, data: bytes) -> None:
        """See the port."""
        if self._closed:
            raise LinkLost("the stream is closed")
        self._outgoing.put(data)
        await self._outgoing.drained()

    def offer(self, data: bytes) -> bool:
        """See the port."""
        return not self._closed and self._outgoing.offer(data)

    async def aclose(self) -> None:
        """See the port."""
        self._closed = True
        self._outgoing.close()
        self._incoming.abandon()


def memory_pair() -> tuple[ByteStream, ByteStream]:
    """The two ends of a new stream."""
    one, other = _Pipe(), _Pipe()
    return MemoryStream(one, other), MemoryStream(other, one)
