"""Watches an association's stream go by: types, lengths and message sizes. No I/O, no copy."""

import struct

from gateway.adapters.guard.pdu import (
    A_ABORT,
    A_RELEASE_RP,
    A_RELEASE_RQ,
    HEADER,
    P_DATA_TF,
    SHORT_BYTES,
    Breach,
)

_ALLOWED = frozenset({P_DATA_TF, A_RELEASE_RQ, A_RELEASE_RP, A_ABORT})
LONG_BYTES = 32 * 2**10
"""Shorter fragments are cheaper read, several at once, and handed on."""
_ITEM = struct.Struct(">LBB")
_HEADS = struct.Struct(">BxLLBB")
_LAST = 2
"""The bit of a message control header for the last fragment (PS3.8 E.2)."""


class Inspector:
    """Judges what a client sends once its association is accepted.

    ``complete`` is true between two PDUs; ``message_bytes`` is what has come of the command or
    data set that is on its way, with the heads of its fragments; ``in_long`` whether the fragment
    that came last is a long one: so is the next, as a rule.
    """

    def __init__(self, contexts: tuple[int, ...], pdu_bytes: int, message_bytes: int) -> None:
        self._contexts = frozenset(contexts)
        self._longest_pdu = pdu_bytes
        self._longest_message = message_bytes
        self._head = bytearray()
        self._pdu_left = 0
        self._in_data = False
        self._fragment_left = 0
        self.in_long = False
        self.message_bytes = 0
        self.pdus = 0

    @property
    def passable(self) -> int:
        """So many bytes of a fragment come next: whatever they are, they are allowed."""
        return self._fragment_left

    def passed(self, size_bytes: int) -> None:
        """So many of them have gone by."""
        self._fragment_left -= size_bytes
        self._pdu_left -= size_bytes

    @property
    def complete(self) -> bool:
        """Whether the stream stands between two PDUs."""
        return not self._head and not self._pdu_left

    def feed(self, data: memoryview) -> None:
        """Judge the next bytes of the stream. Raises Breach."""
        at = 0
        while at < len(data):
            if self._fragment_left:
                step = min(self._fragment_left, len(data) - at)
                self.passed(step)
                at += step
            elif self._in_data and self._pdu_left:
                at = self._gather(data, at, _ITEM.size)
                if len(self._head) == _ITEM.size:
                    self._item(*_ITEM.unpack(self._taken()))
            elif self._pdu_left:
                step = min(self._pdu_left, len(data) - at)
                self._pdu_left -= step
                at += step
            elif not self._head and len(data) - at >= _HEADS.size and data[at] == P_DATA_TF:
                kind, pdu_bytes, item_bytes, context, control = _HEADS.unpack_from(data, at)
                at += _HEADS.size
                self._header(kind, pdu_bytes)
                self._item(item_bytes, context, control)
            else:
                at = self._gather(data, at, HEADER.size)
                if len(self._head) == HEADER.size:
                    self._header(*HEADER.unpack(self._taken()))

    def _gather(self, data: memoryview, at: int, size: int) -> int:
        step = min(size - len(self._head), len(data) - at)
        self._head += data[at : at + step]
        return at + step

    def _taken(self) -> bytes:
        head = bytes(self._head)
        self._head.clear()
        return head

    def _header(self, kind: int, length: int) -> None:
        self.pdus += 1
        if kind not in _ALLOWED:
            raise Breach(f"a PDU of type {kind:02X} in an association")
        self._in_data = kind == P_DATA_TF
        if self._in_data and not _ITEM.size <= length <= self._longest_pdu:
            raise Breach(f"a P-DATA-TF of {length} bytes, at most {self._longest_pdu}")
        if not self._in_data and length != SHORT_BYTES:
            raise Breach(f"a PDU of type {kind:02X} with {length} bytes")
        self._pdu_left = length

    def _item(self, length: int, context: int, control: int) -> None:
        if length < 2 or length + 4 > self._pdu_left:
            raise Breach("a fragment that is longer than its PDU")
        if context not in self._contexts:
            raise Breach(f"a fragment of presentation context {context}, which was not proposed")
        self._pdu_left -= _ITEM.size
        self._fragment_left = length - 2
        if 0 < self._pdu_left - self._fragment_left < _ITEM.size:
            raise Breach("a PDU that ends in a fragment's head")
        if not self._fragment_left and not control & _LAST:
            raise Breach("an empty fragment that is not the last")
        self.in_long = self._fragment_left >= LONG_BYTES
        self.message_bytes += length + 4
        if self.message_bytes > self._longest_message:
            raise Breach(f"a message of more than {self._longest_message} bytes")
        if control & _LAST:
            self.message_bytes = 0
