"""The accepting end of an association: reads in large portions, and wakes when there is an answer.

pynetdicom reads 4 KiB at a time and looks for something to send once in a millisecond.
"""

import select
import socket
import struct

from pynetdicom.association import Association
from pynetdicom.transport import AssociationSocket

LONGEST_WAIT_S = 0.05
WAKES = 4096
PORTION_BYTES = 2**16
PDU_HEAD_BYTES, HEADS_BYTES = 6, 12
"""Of any PDU, and of a P-DATA-TF with that of its first fragment (PS3.8 9.3.5)."""
Heads = tuple[int, int, int, int]
"""The length of a P-DATA-TF; length, context and control header of its first fragment."""
_P_DATA_TF = b"\x04"
_HEADS = struct.Struct(">2xLLBB")
_CLOSING = "Sta13"


class ServerSocket(AssociationSocket):
    """The transport of an association that a peer opened."""

    def __init__(self, association: Association, connection: socket.socket) -> None:
        self._waking, self._woken = socket.socketpair()
        self._connection = connection
        super().__init__(association, client_socket=connection)
        self._portion = memoryview(bytearray(PORTION_BYTES))
        self._heads = self._portion[:HEADS_BYTES]
        self._begin = self._end = 0

    @property
    def ready(self) -> bool:
        """Whether there is something to read; waits a moment for it, or for :meth:`wake`."""
        if self.socket is None or not self._is_connected:
            return False
        if self._begin < self._end:
            return True
        try:
            ready, _, _ = select.select((self.socket, self._woken), (), (), self._wait_s())
        except (OSError, ValueError):  # closed by another thread
            self.event_queue.put("Evt17")
            return False
        if self._woken in ready:
            self._woken.recv(WAKES)
        return self.socket in ready

    def _wait_s(self) -> float:
        """No wait where there is something else to do: an event, or closing the connection."""
        provider = self.assoc.dul
        busy = not self.event_queue.empty() or provider.state_machine.current_state == _CLOSING
        return 0.0 if busy else LONGEST_WAIT_S

    def wake(self) -> None:
        """What was put into the queue to be sent is taken at once."""
        try:
            self._waking.send(b"1")
        except OSError:
            return

    def recv(self, nr_bytes: int) -> bytearray:
        """Read so many bytes, fewer where the connection ends before. Raises OSError."""
        read = bytearray()
        while len(read) < nr_bytes and (part := self.take(nr_bytes - len(read))):
            read += part
        return read

    @property
    def has_more(self) -> bool:
        """Whether something has come that was not taken."""
        return self._begin < self._end

    def ahead(self, nr_bytes: int) -> memoryview:
        """So many bytes that are read next, fewer where the connection ends before.

        Raises OSError.
        """
        if self._end - self._begin < nr_bytes:
            left = bytes(self._portion[self._begin : self._end])
            self._portion[: len(left)] = left
            self._begin, self._end = 0, len(left)
            while self._end < nr_bytes and self._receive():
                continue
        return self._portion[self._begin : min(self._end, self._begin + nr_bytes)]

    def heads(self) -> Heads | None:
        """What the P-DATA-TF that is read next begins with; None for any other PDU.

        None too where the connection ends before. Raises OSError.
        """
        if self._end - self._begin < HEADS_BYTES:
            if bytes(self.ahead(PDU_HEAD_BYTES)[:1]) != _P_DATA_TF:
                return None
            if len(self.ahead(HEADS_BYTES)) < HEADS_BYTES:
                return None
        elif self._portion[self._begin] != _P_DATA_TF[0]:
            return None
        heads: Heads = _HEADS.unpack_from(self._portion, self._begin)
        return heads

    def pass_heads(self) -> None:
        """They were read."""
        self._begin += HEADS_BYTES

    def take(self, most_bytes: int) -> memoryview:
        """What has come, no more than so many bytes; nothing where the connection has ended.

        It is valid until the next call. Raises OSError.
        """
        if self._begin == self._end:
            self._begin = self._end = 0
            self._receive()
        begin = self._begin
        self._begin = min(self._end, begin + most_bytes)
        return self._portion[begin : self._begin]

    def fill(self, room: memoryview, *, goes_on: bool) -> int:
        """Read into ``room`` what comes next, how much; 0 where the connection has ended.

        ``goes_on`` where it ends a PDU that another follows. Raises OSError.
        """
        if self.socket is None:
            raise ConnectionAbortedError("the connection is closed")
        if self._begin < self._end:
            part = self.take(len(room))
            room[: len(part)] = part
            return len(part)
        if not goes_on:
            return self.socket.recv_into(room, 0, socket.MSG_WAITALL)
        got: int = self.socket.recvmsg_into((room, self._heads), 0, socket.MSG_WAITALL)[0]
        over = got - len(room)
        self._begin, self._end = 0, max(over, 0)
        return got if over <= 0 else len(room)

    def dispose(self) -> None:
        """Close the connection, if nobody has, and give back what it needs; idempotent."""
        self._portion = self._heads = memoryview(b"")
        self._begin = self._end = 0
        self._connection.close()
        self._waking.close()
        self._woken.close()

    def _receive(self) -> int:
        """Read on behind what there is; how many bytes."""
        if self.socket is None:
            raise ConnectionAbortedError("the connection is closed")
        got: int = self.socket.recv_into(self._portion[self._end :])
        self._end += got
        return got
