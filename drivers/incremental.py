"""Bytes in any portions -> items in order, dead after the first breach of protocol."""

from collections.abc import Callable
from typing import Generic, TypeVar

from gateway.domain.errors import RemoteProtocolError

R = TypeVar("R")

Take = Callable[[bytearray, int], tuple[int, R] | None]
"""(buffer, start) -> (end, item) of the item at ``start``; None while it is not complete.

Raises RemoteProtocolError for bytes that cannot become an item.
"""


class IncrementalDecoder(Generic[R]):
    """Feeds ``take`` with what has arrived; holds back one incomplete item at most.

    The result does not depend on the portions: what stands in front of a breach is returned
    first, and :meth:`check`, or the next call, raises. So: feed, take what comes back, check.
    After a breach every call raises; nothing is searched for in what follows.
    """

    def __init__(self, take: Take[R]) -> None:
        self._take = take
        self._buffer = bytearray()
        self._breach: str | None = None

    def check(self) -> None:
        """Raises RemoteProtocolError after a breach."""
        if self._breach is not None:
            raise RemoteProtocolError(self._breach)

    def feed(self, data: bytes) -> list[R]:
        """Everything that is complete now. Raises RemoteProtocolError."""
        self.check()
        self._buffer += data
        items: list[R] = []
        start = 0
        try:
            while start < len(self._buffer):
                taken = self._take(self._buffer, start)
                if taken is None:
                    break
                start, item = taken
                items.append(item)
        except RemoteProtocolError as breach:
            self._breach = str(breach)
            self._buffer = bytearray()
            if not items:
                raise
            return items
        if start:
            self._leave(start)
        return items

    def _leave(self, start: int) -> None:
        try:
            del self._buffer[:start]
        except BufferError:  # an item is a view of it, and has it now
            self._buffer = self._buffer[start:]
