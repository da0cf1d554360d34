"""pynetdicom's DIMSE provider, but for what comes and goes once for every object that is stored."""

from collections.abc import Callable
from typing import Any

from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu_primitives import P_DATA

from gateway.adapters.dicomnet.handover import NodeEntity
from gateway.adapters.dicomnet.incoming import (
    LONGEST_COMMAND_BYTES,
    BoundedBytes,
    IncomingDataSet,
)
from gateway.adapters.dicomnet.store_commands import store_response
from gateway.adapters.nodestore.contents import IncomingContent
from gateway.dicom.object_file import file_head
from gateway.dicom.object_header import is_identifier

_COMMAND_LAST = b"\x03"
_ITEM_HEAD_BYTES = 6


class MessageProvider(DIMSEServiceProvider):
    """Holds no more of a message in memory than it should.

    It encodes a C-STORE response without comment itself: 0.1 ms in place of 0.7.
    """

    def receive_primitive(self, primitive: P_DATA) -> None:
        """As the base. Raises ValueError for a message that is too large."""
        if self.message is None:
            self.message = made = DIMSEMessage()
            made.encoded_command_set = BoundedBytes(LONGEST_COMMAND_BYTES)
            made.data_set = IncomingDataSet(made, self._begin(made))
        super().receive_primitive(primitive)

    def _begin(self, message: DIMSEMessage) -> Callable[[], IncomingContent] | None:
        """Makes room for the object that a C-STORE request announces."""
        entity = self.assoc.ae
        begin = entity.begin if isinstance(entity, NodeEntity) else None
        return None if begin is None else lambda: begin(self._file_head(message))

    def _file_head(self, message: DIMSEMessage) -> bytes:
        """What the object's file begins with; nothing where it is none that would be kept."""
        command: Any = message.command_set
        sop_class = str(command.get("AffectedSOPClassUID", ""))
        instance = str(command.get("AffectedSOPInstanceUID", ""))
        context = self.assoc._accepted_cx.get(message.context_id or 0)  # noqa: SLF001 - as its own code
        if context is None or sop_class != context.abstract_syntax or not is_identifier(instance):
            return b""
        caller = str(self.assoc.requestor.ae_title).strip()
        return file_head(sop_class, instance, str(context.transfer_syntax[0]), caller)

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
            return
        data = P_DATA()
        data.presentation_data_value_list.append((context_id, _COMMAND_LAST + command))
        self.dul.send_pdu(data)


def _is_bare_response(primitive: C_STORE) -> bool:
    return (
        primitive.MessageIDBeingRespondedTo is not None
        and primitive.Status is not None
        and primitive.ErrorComment is None
        and primitive.OffendingElement is None
    )
