"""What a client sends once its association is accepted: judged, and handed on to its worker."""

import os

from gateway.adapters.guard.inspector import Inspector
from gateway.adapters.guard.passage import Passage
from gateway.adapters.guard.worker_end import WorkerEnd

AT_A_TIME_BYTES = 2**20
"""So much of one client goes by before another has its turn."""
SIP_BYTES = 4096
"""Read at once where a long fragment is expected: its head, and what is in front of it."""
LEAST_PASSED_BYTES = 4096
"""A shorter rest of a long fragment is read, with the head that follows it."""


class Stream:
    """The bytes of one association on their way.

    Long fragments go by unread, in one go with what was read in front of them: a worker wakes once.
    """

    def __init__(
        self,
        inspector: Inspector,
        worker: WorkerEnd,
        buffer: memoryview,
        passage: Passage | None,
        connection: int,
    ) -> None:
        """``connection`` is the client's; without ``passage`` its transport alone reads it."""
        self.inspector = inspector
        self._worker = worker
        self._buffer = buffer
        self._passage = passage
        self._connection = connection

    @property
    def wanted(self) -> memoryview:
        """Where the next bytes go."""
        is_sipped = self._passage is not None and self.inspector.in_long
        return self._buffer[:SIP_BYTES] if is_sipped else self._buffer

    def take(self, read: int) -> None:
        """So many bytes have come where they were wanted. Raises Breach."""
        self.inspector.feed(self._buffer[:read])
        if self._passage is not None and self.inspector.in_long:
            read = self._take_more(self._passage, self.inspector, self._worker, read)
        if read:
            self._worker.write(self._buffer[:read])

    def _take_more(
        self, passage: Passage, inspector: Inspector, worker: WorkerEnd, read: int
    ) -> int:
        """Hand on what has come since, too; how much of the buffer is left to be handed on."""
        left = AT_A_TIME_BYTES
        while left > 0 and worker.keeps_up and inspector.in_long:
            passable = inspector.passable
            if passable >= LEAST_PASSED_BYTES:
                got = worker.pass_on(passage, self._connection, passable, self._buffer[:read])
                inspector.passed(got)
                read = 0
            else:
                more = self._buffer[read : read + passable + SIP_BYTES]
                got = _read(self._connection, more)
                inspector.feed(more[:got])
                read += got
            if not got:
                break
            left -= got
        return read


def _read(connection: int, into: memoryview) -> int:
    """How many bytes were read; 0 for nothing now, and for what the transport finds out too."""
    try:
        return os.readv(connection, [into])
    except OSError:
        return 0
