"""Tags that stand twice in one dataset: pydicom keeps the last and says nothing."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag

from gateway.domain.findings import Finding, error

_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_LONG_VRS = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)
MAXIMUM_DEPTH = 32


class Malformed(ValueError):
    """The bytes are not a dataset in the given transfer syntax."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """The transfer syntax of the bytes, uncompressed."""

    implicit: bool
    little_endian: bool


@dataclass(slots=True)
class _Walker:
    data: bytes
    encoding: Encoding
    at: int = 0

    def dataset(self, end: int, path: str, depth: int) -> Iterator[Finding]:
        """Walk elements until ``end`` or an item's end; findings for those that repeat."""
        if depth > MAXIMUM_DEPTH:
            raise Malformed(f"sequences nested deeper than {MAXIMUM_DEPTH}")
        seen: set[int] = set()
        while self.at < end:
            tag, vr, length = self._header()
            if tag in (_ITEM_END, _SEQUENCE_END):
                return
            name = keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
            where = f"{path}.{name}" if path else name
            if tag in seen:
                text = "this attribute stands more than once; nothing says which one holds"
                yield error("duplicate-tag", where, text)
            seen.add(tag)
            if self._is_sequence(tag, vr, length):
                outer = self.encoding
                if vr == b"UN":
                    self.encoding = Encoding(implicit=True, little_endian=True)
                yield from self._sequence(length, end, where, depth)
                self.encoding = outer
            else:
                self._skip(length, end)

    def _sequence(self, length: int, end: int, path: str, depth: int) -> Iterator[Finding]:
        stop = end if length == _UNDEFINED else self.at + length
        if stop > end:
            raise Malformed("a sequence is longer than what holds it")
        index = 0
        while self.at < stop:
            tag, item_length = self._unpack("HHL")
            if tag == _SEQUENCE_END:
                return
            if tag != _ITEM:
                raise Malformed("a sequence holds something that is not an item")
            item_end = stop if item_length == _UNDEFINED else self.at + item_length
            if item_end > stop:
                raise Malformed("an item is longer than its sequence")
            yield from self.dataset(item_end, f"{path}[{index}]", depth + 1)
            index += 1

    def _header(self) -> tuple[int, bytes, int]:
        if self.encoding.implicit or self._peek_delimiter():
            tag, length = self._unpack("HHL")
            return tag, b"", length
        order = "<" if self.encoding.little_endian else ">"
        try:
            group, element, vr, short = struct.unpack_from(f"{order}HH2sH", self.data, self.at)
            self.at += 8
            length = short
            if vr in _LONG_VRS:
                (length,) = struct.unpack_from(f"{order}L", self.data, self.at)
                self.at += 4
        except struct.error as problem:
            raise Malformed("the file ends within an element") from problem
        return group << 16 | element, vr, length

    def _peek_delimiter(self) -> bool:
        marker = b"\xfe\xff" if self.encoding.little_endian else b"\xff\xfe"
        return self.data[self.at : self.at + 2] == marker

    def _unpack(self, form: str) -> tuple[int, int]:
        order = "<" if self.encoding.little_endian else ">"
        try:
            group, element, length = struct.unpack_from(order + form, self.data, self.at)
        except struct.error as problem:
            raise Malformed("the file ends within an element") from problem
        self.at += 8
        return group << 16 | element, length

    def _is_sequence(self, tag: int, vr: bytes, length: int) -> bool:
        if vr:
            return vr == b"SQ" or (vr == b"UN" and length == _UNDEFINED)
        if length == _UNDEFINED:
            return True
        return dictionary_has_tag(tag) and dictionary_VR(tag) == "SQ"

    def _skip(self, length: int, end: int) -> None:
        if length == _UNDEFINED or self.at + length > end:
            raise Malformed("an element is longer than what holds it")
        self.at += length


def find_duplicates(data: bytes, encoding: Encoding) -> list[Finding]:
    """An error finding for every attribute that repeats, at any depth. Raises Malformed."""
    return list(_Walker(data, encoding).dataset(len(data), "", 0))
