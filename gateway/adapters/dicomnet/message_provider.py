"""pynetdicom's DIMSE provider, but for what comes and goes once for every object that is stored."""

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

_COMMAND_LAST = b"\x03"
_ITEM_HEAD_BYTES = 6


class MessageProvider(DIMSEServiceProvider):
    """Holds no more of a message in memory than it should.

    It encodes a C-STORE response without comment itself: 0.1 ms in place of 0.7.
    """

    def receive_primitive(self, primitive: P_DATA) -> None:
        """As the base. Raises ValueError for a message that is too large."""
        if self.message is None:
            entity = self.assoc.ae
            spill = entity.spill if isinstance(entity, NodeEntity) else None
            self.message = DIMSEMessage()
            self.message.encoded_command_set = BoundedBytes(LONGEST_COMMAND_BYTES)
            self.message.data_set = IncomingDataSet(self.message, spill)
        super().receive_primitive(primitive)

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
