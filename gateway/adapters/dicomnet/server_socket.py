"""The accepting end of an association: reads in large portions, and wakes when there is an answer.

pynetdicom reads 4 KiB at a time and looks for something to send once in a millisecond. Here all
that has come is read at once, and the fragments of a data set go straight from there into the
message that they belong to: what its state machine would do with them is the same.
"""

import logging
import select
import socket
import struct
from typing import Any, cast

from pynetdicom.association import Association
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dul import DULServiceProvider
from pynetdicom.fsm import InvalidEventError, StateMachine
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.transport import AssociationSocket, RequestHandler

from gateway.adapters.dicomnet.handover import NodeEntity
from gateway.adapters.dicomnet.incoming import IncomingDataSet
from gateway.adapters.dicomnet.message_provider import MessageProvider
from gateway.adapters.dicomnet.reactor_wait import wait_for_news
from gateway.dicom.plan_file import READING_ERRORS

LONGEST_WAIT_S = 0.05
WAKES = 4096
RECEIVE_BUFFER_BYTES = 2**20
PORTION_BYTES = 2**16
_P_DATA_TF = b"\x04"
_HEADER = struct.Struct(">BxL")
_ITEM = struct.Struct(">LBB")
_HEADS_BYTES = _HEADER.size + _ITEM.size
_ABORT = _HEADER.pack(0x07, 4) + bytes((0, 0, 2, 0))
_COMMAND, _LAST = 1, 2
"""Bits of a message control header (PS3.8 E.2)."""
_READY_FOR_DATA, _CLOSING = "Sta6", "Sta13"

_log = logging.getLogger(__name__)


class ServerSocket(AssociationSocket):
    """The transport of an association that a peer opened."""

    def __init__(self, association: Association, connection: socket.socket) -> None:
        self._waking, self._woken = socket.socketpair()
        self._connection = connection
        super().__init__(association, client_socket=connection)
        self._portion = memoryview(bytearray(PORTION_BYTES))
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
        parts = [room, self._portion[:_HEADS_BYTES]]
        got: int = self.socket.recvmsg_into(parts, 0, socket.MSG_WAITALL)[0]
        self._begin, self._end = 0, max(got - len(room), 0)
        return min(got, len(room))

    def dispose(self) -> None:
        """Close the connection, if nobody has, and give back what it needs; idempotent."""
        self._portion = memoryview(b"")
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


class ServerProvider(DULServiceProvider):
    """pynetdicom's upper layer, but for fragments of a data set that is being stored."""

    def send_pdu(self, primitive: object) -> None:
        """As the base, and at once."""
        super().send_pdu(primitive)  # type: ignore[arg-type]  # the base names each primitive
        if isinstance(self.socket, ServerSocket):
            self.socket.wake()

    def run_reactor(self) -> None:
        """As the base; the socket waits in place of its sleep.

        At its end who waits for a primitive that never comes is told at once.
        """
        self._run_loop_delay = 0
        try:
            super().run_reactor()
        finally:
            self.to_user_queue.put(None)
            if isinstance(self.assoc.dimse, MessageProvider):
                self.assoc.dimse.forget()
            if isinstance(self.socket, ServerSocket):
                self.socket.dispose()

    def _read_pdu_data(self) -> None:
        connection = self.socket
        if isinstance(connection, ServerSocket) and self.state_machine.current_state == (
            _READY_FOR_DATA
        ):
            try:
                if self._take_fragments(connection):
                    return
            except OSError:
                self.event_queue.put("Evt17")
                return
        super()._read_pdu_data()

    def _take_fragments(self, connection: ServerSocket) -> bool:
        """Take PDUs that hold one fragment of the data set of a C-STORE request.

        Whether the last has come; else what is left to be read is another PDU.
        """
        while (message := self.assoc.dimse.message) is not None:
            head = connection.ahead(_HEADER.size)
            if bytes(head[:1]) == _P_DATA_TF:
                head = connection.ahead(_HEADS_BYTES)
            if len(head) < _HEADS_BYTES or not _goes_on(message, head):
                break
            left = _HEADER.unpack_from(head)[1] - _ITEM.size
            is_last = head[-1] & _LAST
            connection.take(_HEADS_BYTES)
            data_set = cast("IncomingDataSet", message.data_set)
            while left:
                left -= _taken(connection, data_set, left, goes_on=not is_last)
            self._idle_timer.restart()
            if is_last:
                self._complete(cast("int", message.context_id))
                return True
        return False

    def _complete(self, context_id: int) -> None:
        """What there is of a message is all of it."""
        end = P_DATA()
        end.presentation_data_value_list.append((context_id, bytes((_LAST,))))
        self.assoc.dimse.receive_primitive(end)


def _taken(connection: ServerSocket, data_set: IncomingDataSet, left: int, *, goes_on: bool) -> int:
    """Take some of the ``left`` bytes of a fragment; how many."""
    room = data_set.room(left)
    if room is None:
        part = connection.take(left)
        got = len(part)
        data_set.write(part)
    else:
        got = connection.fill(room, goes_on=goes_on and len(room) == left)
        data_set.grown(got)
    if not got:
        raise ConnectionAbortedError("the connection ended in a PDU")
    return got


def _goes_on(message: DIMSEMessage, head: memoryview) -> bool:
    """Whether a PDU is one fragment of the data set of a C-STORE request."""
    _, length = _HEADER.unpack_from(head)
    item_length, context_id, control = _ITEM.unpack_from(head, _HEADER.size)
    return (
        message.__class__ is C_STORE_RQ
        and context_id == message.context_id
        and not control & _COMMAND
        and item_length + 4 == length > _ITEM.size
    )


class ServerStates(StateMachine):
    """pynetdicom's state machine; what it cannot act on ends the association, not the thread."""

    def do_action(self, event: str) -> None:
        """As the base, but that nothing is raised."""
        try:
            super().do_action(event)
        except (*READING_ERRORS, InvalidEventError) as broken:
            _log.warning("an association is aborted: it sent what cannot be read: %s", broken)
            self._give_up()

    def _give_up(self) -> None:
        association = self.dul.assoc
        association.is_aborted = True
        association.is_established = False
        association._kill = True  # noqa: SLF001 - as its provider does where reading fails
        self.dul.kill_dul()
        if self.dul.socket is not None:
            self.dul.socket.send(_ABORT)
            self.dul.socket.close()


def _serve_sense(association: Association) -> None:
    """A request that is none of the query model it names ends the association, and not a thread."""
    serve = association._serve_request  # noqa: SLF001 - it has no other seam

    def serve_sense(message: Any, context_id: int) -> None:
        entity = association.ae
        if isinstance(entity, NodeEntity) and not entity.makes_sense(message):
            _log.warning("an association is aborted: its %s makes no sense", message.msg_type)
            association.abort()
        else:
            serve(message, context_id)

    association._serve_request = serve_sense  # type: ignore[method-assign, assignment]  # noqa: SLF001


class NodeRequestHandler(RequestHandler):
    """Makes associations whose transport is :class:`ServerSocket`."""

    def _create_association(self) -> Association:
        made: Association = super()._create_association()
        made.dul.__class__ = ServerProvider
        made.dimse.__class__ = MessageProvider
        made.dul.state_machine = ServerStates(made.dul)
        made.dul.run = made.dul.run_reactor  # type: ignore[method-assign]  # was bound to the base's
        replaced = made.dul.socket
        assert replaced is not None  # noqa: S101 - the base has just set it
        made.dul.event_queue.get(block=False)  # what the replaced transport has announced
        connection: socket.socket = self.request
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        made.dul.socket = ServerSocket(made, connection)
        wait_for_news(made)
        _serve_sense(made)
        return made
