"""pynetdicom's DIMSE provider, but for what comes and goes once for every object that is stored."""

import threading
from collections.abc import Callable
from typing import Any, cast

from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AssociationSocket

from gateway.adapters.dicomnet.handover import NodeEntity
from gateway.adapters.dicomnet.incoming import (
    LONGEST_COMMAND_BYTES,
    BoundedBytes,
    IncomingDataSet,
)
from gateway.adapters.dicomnet.raw_store import COMMAND_LAST, DATA_LAST, fragment_head
from gateway.adapters.dicomnet.store_commands import read_store_request, store_response
from gateway.adapters.dicomnet.store_message import StoreMessage, StoreService, is_stored
from gateway.adapters.nodestore.contents import IncomingContent
from gateway.dicom.object_file import file_head
from gateway.dicom.object_header import is_identifier

_ITEM_HEAD_BYTES = 6


class MessageProvider(DIMSEServiceProvider):
    """Holds no more of a message in memory than it should.

    C-STORE requests, as they usually are, it reads itself, serves in the thread that received them
    and answers where there is no more to say than a status: 0.1 ms in place of 1, and no thread
    waits for another. Whoever serves has ``turn`` meanwhile.
    """

    turn: threading.Lock

    def receive_primitive(self, primitive: P_DATA) -> None:
        """As the base. Raises ValueError for a message that is too large."""
        if self.message is None:
            self.message = made = DIMSEMessage()
            made.encoded_command_set = BoundedBytes(LONGEST_COMMAND_BYTES)

            def head() -> bytes:
                command: Any = made.command_set
                keywords = ("AffectedSOPClassUID", "AffectedSOPInstanceUID")
                return self._file_head(made, *(str(command.get(one, "")) for one in keywords))

            made.data_set = IncomingDataSet(made, self._begin(head))
        super().receive_primitive(primitive)

    def begin_store(self, context_id: int, command: bytes) -> bool:
        """Take a command set that comes whole; False for what the base has to take."""
        request = None if self.message is not None else read_store_request(command)
        if request is None:
            return False
        self.message = made = StoreMessage(context_id, command, request)

        def head() -> bytes:
            return self._file_head(made, request.sop_class_uid, request.sop_instance_uid)

        made.data_set = IncomingDataSet(made, self._begin(head))
        return True

    def complete_store(self) -> None:
        """All of the data set of a C-STORE request has come."""
        message = cast("DIMSEMessage", self.message)
        context_id = cast("int", message.context_id)
        if not isinstance(message, StoreMessage):
            end = P_DATA()
            end.presentation_data_value_list.append((context_id, bytes((DATA_LAST,))))
            self.receive_primitive(end)
            return
        request = message.message_to_primitive()
        self.message = message.data_set = None  # which knows its message: no circle is left
        context = self._context(message, message.request.sop_class_uid)
        if context is None or not self._serve_at_once(request, context):
            self.msg_queue.put((context_id, request))

    def _serve_at_once(self, request: C_STORE, context: PresentationContext) -> bool:
        is_idle = self.assoc.is_established and self.msg_queue.empty()
        if not (is_idle and is_stored(str(request.AffectedSOPClassUID))):
            return False
        if not self.turn.acquire(blocking=False):
            return False
        try:
            StoreService(self.assoc).SCP(request, context)
        finally:
            self.turn.release()
        return True

    def _begin(self, head: Callable[[], bytes]) -> Callable[[], IncomingContent] | None:
        """Makes room for the object that a C-STORE request announces."""
        entity = self.assoc.ae
        begin = entity.begin if isinstance(entity, NodeEntity) else None
        return None if begin is None else lambda: begin(head())

    def _file_head(self, message: DIMSEMessage, sop_class: str, instance: str) -> bytes:
        """What the object's file begins with; nothing where it is none that would be kept."""
        context = self._context(message, sop_class)
        if context is None or not is_identifier(instance):
            return b""
        caller = str(self.assoc.requestor.ae_title).strip()
        return file_head(sop_class, instance, str(context.transfer_syntax[0]), caller)

    def _context(self, message: DIMSEMessage, sop_class: str) -> PresentationContext | None:
        """The context of a request, where it is one for objects of that class."""
        context = self.assoc._accepted_cx.get(message.context_id or 0)  # noqa: SLF001 - as its own code
        return context if context is not None and context.abstract_syntax == sop_class else None

    def forget(self) -> None:
        """Give back what an unfinished message takes."""
        if self.message is not None and self.message.data_set is not None:
            self.message.data_set.close()
        self.message = None

    def send_msg(self, primitive: Any, context_id: int) -> None:
        """As the base."""
        if not (isinstance(primitive, C_STORE) and _is_bare_response(primitive)):
            super().send_msg(primitive, context_id)
            return
        command = store_response(
            str(primitive.AffectedSOPClassUID),
            str(primitive.AffectedSOPInstanceUID),
            int(primitive.MessageIDBeingRespondedTo or 0),
            int(primitive.Status or 0),
        )
        if 0 < self.maximum_pdu_size < len(command) + _ITEM_HEAD_BYTES:
            super().send_msg(primitive, context_id)
        elif threading.current_thread() is self.dul and self.dul.to_provider_queue.empty():
            head = fragment_head(context_id, COMMAND_LAST, len(command))
            cast("AssociationSocket", self.dul.socket).send(head + command)
        else:
            data = P_DATA()
            data.presentation_data_value_list.append((context_id, bytes((COMMAND_LAST,)) + command))
            self.dul.send_pdu(data)


def _is_bare_response(primitive: C_STORE) -> bool:
    return (
        primitive.MessageIDBeingRespondedTo is not None
        and primitive.Status is not None
        and primitive.ErrorComment is None
        and primitive.OffendingElement is None
    )
