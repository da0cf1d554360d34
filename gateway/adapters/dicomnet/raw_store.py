"""C-STORE of a data set as the bytes that it is, undecoded (PS3.7 9.3.1, PS3.8 9.3.5)."""

import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from pynetdicom.association import Association
from pynetdicom.pdu_primitives import P_DATA

from gateway.adapters.dicomnet.client_socket import Buffer, ClientSocket
from gateway.adapters.dicomnet.store_commands import read_store_response, store_command
from gateway.domain.errors import RemoteProtocolError

LONGEST_PDU_BYTES = 2**20
"""Used where the peer takes PDUs of any length."""
MESSAGE_IDS = 2**16
SETTLE_S = 0.005
COMMAND_LAST, DATA, DATA_LAST = 0x03, 0x00, 0x02
"""Message control headers (PS3.8 E.2)."""
_ITEM_OVERHEAD = 6
_HEADS = struct.Struct(">BxLLBB")
_P_DATA_TF = 4


@dataclass(frozen=True, slots=True)
class StoreAnswer:
    """A C-STORE response without a comment, with what pynetdicom's has under the same names."""

    context_id: int
    MessageIDBeingRespondedTo: int
    Status: int
    ErrorComment: str = ""
    is_valid_response: bool = True


def store_answer(pdus: bytes) -> StoreAnswer | None:
    """The response that ``pdus`` are, in one fragment of one P-DATA-TF; None for anything else."""
    if len(pdus) < _HEADS.size:
        return None
    kind, pdu_bytes, item_bytes, context_id, control = _HEADS.unpack_from(pdus)
    command = pdus[_HEADS.size :]
    sizes = (len(command) + 6, len(command) + 2)
    if (kind, control) != (_P_DATA_TF, COMMAND_LAST) or (pdu_bytes, item_bytes) != sizes:
        return None
    read = read_store_response(command)
    return None if read is None else StoreAnswer(context_id, *read)


def fragment_head(context_id: int, control: int, size_bytes: int) -> bytes:
    """What stands before a fragment of so many bytes in a P-DATA-TF of its own (PS3.8 9.3.5)."""
    return _HEADS.pack(_P_DATA_TF, size_bytes + 6, size_bytes + 2, context_id, control)


def data_pdus(context_id: int, data_set: memoryview, pdu_bytes: int) -> Iterator[Buffer]:
    """A data set as P-DATA-TF PDUs of at most ``pdu_bytes`` each (PS3.8 9.3.5, annex E).

    Each PDU is its head and then its part of the data set, which is not copied.
    """
    step = pdu_bytes - _ITEM_OVERHEAD
    for start in range(0, len(data_set), step):
        part = data_set[start : start + step]
        control = DATA_LAST if start + step >= len(data_set) else DATA
        yield fragment_head(context_id, control, len(part))
        yield part


class RawStore:
    """C-STOREs in one association, one after the other, by one thread."""

    def __init__(self, opened: Association) -> None:
        self._opened = opened
        self._message_id = 0
        longest = opened.acceptor.maximum_length or LONGEST_PDU_BYTES
        self._pdu_bytes = min(longest, LONGEST_PDU_BYTES)

    def store(
        self, context_id: int, sop_class_uid: str, sop_instance_uid: str, data_set: memoryview
    ) -> tuple[int, str] | None:
        """The status and comment that the peer answers; None where it does not.

        Raises RemoteProtocolError for an answer that is none.
        """
        _pause(self._opened)
        self._message_id = (self._message_id + 1) % MESSAGE_IDS
        command = store_command(sop_class_uid, sop_instance_uid, self._message_id)
        request = P_DATA()
        request.presentation_data_value_list.append((context_id, bytes([COMMAND_LAST]) + command))
        transport = cast("ClientSocket", self._opened.dul.socket)
        transport.follow_with(data_pdus(context_id, data_set, self._pdu_bytes))
        transport.awaited = self._message_id
        self._opened.dul.send_pdu(request)
        _, response = self._opened.dimse.get_msg(block=True)
        transport.awaited = None
        if response is None:
            return None
        if not response.is_valid_response or response.MessageIDBeingRespondedTo != self._message_id:
            raise RemoteProtocolError("an answer to a C-STORE that is none")
        return cast("int", response.Status), str(response.ErrorComment or "")


def _pause(opened: Association) -> None:
    """Keep the association's own thread from taking the answers, until something else is asked."""
    checkpoint = opened._reactor_checkpoint  # noqa: SLF001 - as pynetdicom's own requests do it
    if not checkpoint.is_set():
        return
    checkpoint.clear()
    time.sleep(SETTLE_S)  # it may have passed the checkpoint a moment ago, and take one answer yet
    while not opened._is_paused:  # noqa: SLF001 - likewise
        time.sleep(SETTLE_S)  # pynetdicom says that it pauses in this attribute and in no other way
