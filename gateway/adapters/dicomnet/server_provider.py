"""What comes over an association that a peer opened, and who acts on it.

The fragments of a data set go straight from the socket into the message that they belong to: what
pynetdicom's state machine would do with them is the same.
"""

import logging
import socket
import threading
from typing import Any, cast

from pynetdicom.association import Association
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dul import DULServiceProvider
from pynetdicom.fsm import InvalidEventError, StateMachine
from pynetdicom.transport import RequestHandler

from gateway.adapters.dicomnet.handover import NodeEntity
from gateway.adapters.dicomnet.incoming import IncomingDataSet
from gateway.adapters.dicomnet.message_provider import MessageProvider
from gateway.adapters.dicomnet.raw_store import COMMAND_LAST, DATA_LAST
from gateway.adapters.dicomnet.reactor_wait import wait_for_news
from gateway.adapters.dicomnet.server_socket import HEADS_BYTES, ServerSocket
from gateway.dicom.plan_file import READING_ERRORS

RECEIVE_BUFFER_BYTES = 2**20
LONGEST_REQUEST_BYTES = 1024
"""Longer command sets are for pynetdicom."""
_ITEM_LENGTH_BYTES, _CONTROL_BYTES = 4, 2
_COMMAND = 1
"""The bit of a message control header for a command set (PS3.8 E.2)."""
_ABORT = bytes((7, 0, 0, 0, 0, 4, 0, 0, 2, 0))
_READY_FOR_DATA = "Sta6"

_log = logging.getLogger(__name__)


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

    def idle_timer_expired(self) -> bool:
        """As the base; who is served is not idle."""
        turn = cast("MessageProvider", self.assoc.dimse).turn
        return not turn.locked() and super().idle_timer_expired()

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
        """Take PDUs that hold one fragment of a C-STORE request each.

        Whether that was all that there is to do; else what is to be read next is another PDU.
        """
        provider = cast("MessageProvider", self.assoc.dimse)
        while (heads := connection.heads()) is not None:
            pdu_bytes, item_bytes, context_id, control = heads
            left = item_bytes - _CONTROL_BYTES
            if item_bytes + _ITEM_LENGTH_BYTES != pdu_bytes or left <= 0:
                break  # not one fragment
            message = provider.message
            if message is None:
                if control != COMMAND_LAST or not _begun(connection, provider, context_id, left):
                    break
                if not connection.has_more:
                    return True
            elif control & _COMMAND or not _goes_on(message, context_id):
                break
            else:
                connection.pass_heads()
                data_set = cast("IncomingDataSet", message.data_set)
                is_last = bool(control & DATA_LAST)
                while left:
                    left -= _taken(connection, data_set, left, goes_on=not is_last)
                self._idle_timer.restart()
                if is_last:
                    provider.complete_store()
                    return True
        return False


def _begun(
    connection: ServerSocket, provider: MessageProvider, context_id: int, size_bytes: int
) -> bool:
    """Whether what comes next is a C-STORE request, which is taken then."""
    if size_bytes > LONGEST_REQUEST_BYTES:
        return False
    whole = connection.ahead(HEADS_BYTES + size_bytes)
    command = bytes(whole[HEADS_BYTES:])
    if len(command) < size_bytes or not provider.begin_store(context_id, command):
        return False
    connection.take(len(whole))
    return True


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


def _goes_on(message: DIMSEMessage, context_id: int) -> bool:
    """Whether a fragment of that context belongs to the data set of a C-STORE request."""
    return isinstance(message, C_STORE_RQ) and context_id == message.context_id


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
    turn = cast("MessageProvider", association.dimse).turn

    def serve_sense(message: Any, context_id: int) -> None:
        entity = association.ae
        if isinstance(entity, NodeEntity) and not entity.makes_sense(message):
            _log.warning("an association is aborted: its %s makes no sense", message.msg_type)
            association.abort()
        elif threading.current_thread() is association:
            with turn:
                serve(message, context_id)
        else:  # an event report, which is served beside what waits for it
            serve(message, context_id)

    association._serve_request = serve_sense  # type: ignore[method-assign, assignment]  # noqa: SLF001


class NodeRequestHandler(RequestHandler):
    """Makes associations whose transport is :class:`ServerSocket`."""

    def _create_association(self) -> Association:
        made: Association = super()._create_association()
        made.dul.__class__ = ServerProvider
        made.dimse.__class__ = MessageProvider
        cast("MessageProvider", made.dimse).turn = threading.Lock()
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
