"""The outgoing side of one link: what a machine says never waits for who listens."""

import asyncio
from collections import deque
from collections.abc import Iterator

from gateway.domain.errors import LinkLost
from gateway.ports.stream import ByteStream

CHUNK_BYTES = 1 << 16
"""How much of a view is copied at once: between its chunks the loop has other turns."""


class Connection:
    """Queues up to ``capacity`` bytes for ``stream``; a client that is slower than that is cut."""

    def __init__(self, stream: ByteStream, capacity: int) -> None:
        self._stream = stream
        self._capacity = capacity
        self._queue: deque[bytes | memoryview] = deque()
        self._size = 0
        self._sending = True
        self._ended: str | None = None
        self._end: asyncio.Future[None] | None = None
        self._changed: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None

    def send(self, data: bytes | memoryview) -> None:
        """Queue ``data``; returns at once. A view is let go once it has been sent."""
        if not data or self._ended is not None:
            return
        if self._offered(data):
            return
        self._queue.append(data)
        self._size += len(data)
        if self._size > self._capacity:
            self.cut(f"the client is slow: {self._size} bytes wait for it")
        _wake(self._changed)

    def cut(self, why: str) -> None:
        """End the link now; what is queued is lost."""
        if self._ended is None:
            self._ended = why
        self._queue.clear()
        self._size = 0
        _wake(self._drained)
        _wake(self._end)

    async def ended(self) -> None:
        """Wait until the link is cut. Raises LinkLost then."""
        if self._ended is None:
            self._end = asyncio.get_running_loop().create_future()
            await self._end
        raise LinkLost(self._ended or "cut")

    async def pump(self) -> None:
        """Hand the queue over to the stream, for ever. Raises LinkLost when the link broke."""
        loop = asyncio.get_running_loop()
        while True:
            self._sending = True
            while self._queue:
                data = self._next()
                if not self._queue:
                    _wake(self._drained)
                await self._stream.send(data)
            self._sending = False
            self._changed = loop.create_future()
            await self._changed

    def _offered(self, data: bytes | memoryview) -> bool:
        """Whether ``data`` has gone, past a queue that is empty."""
        if self._sending or self._queue or isinstance(data, memoryview):
            return False
        return self._stream.offer(data)

    def _next(self) -> bytes:
        """What is sent next: of a view a chunk, of what is small all that waits together."""
        data = self._queue.popleft()
        if isinstance(data, memoryview):
            if len(data) > CHUNK_BYTES:
                self._queue.appendleft(data[CHUNK_BYTES:])
            data = bytes(data[:CHUNK_BYTES])
        elif len(data) < CHUNK_BYTES:
            data = b"".join((data, *self._small()))
        self._size -= len(data)
        return data

    def _small(self) -> Iterator[bytes]:
        while self._queue and isinstance(first := self._queue[0], bytes):
            self._queue.popleft()
            yield first

    async def drained(self) -> None:
        """Wait until everything was handed over, or the link has ended."""
        while self._queue and self._ended is None:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
