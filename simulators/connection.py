"""The outgoing side of one link: what a machine says never waits for who listens."""

import asyncio
from collections import deque

from gateway.domain.errors import LinkLost
from gateway.ports.stream import ByteStream


class Connection:
    """Queues up to ``capacity`` bytes for ``stream``; a client that is slower than that is cut."""

    def __init__(self, stream: ByteStream, capacity: int) -> None:
        self._stream = stream
        self._capacity = capacity
        self._queue: deque[bytes] = deque()
        self._size = 0
        self._sending = True
        self._ended: str | None = None
        self._end: asyncio.Future[None] | None = None
        self._changed: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None

    def send(self, data: bytes) -> None:
        """Queue ``data``; returns at once."""
        if not data or self._ended is not None:
            return
        if not self._sending and not self._queue and self._stream.offer(data):
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
                data = self._queue.popleft() if len(self._queue) == 1 else b"".join(self._queue)
                self._queue.clear()
                self._size = 0
                _wake(self._drained)
                await self._stream.send(data)
            self._sending = False
            self._changed = loop.create_future()
            await self._changed

    async def drained(self) -> None:
        """Wait until everything was handed over, or the link has ended."""
        while self._queue and self._ended is None:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
