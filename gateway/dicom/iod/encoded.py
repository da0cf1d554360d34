"""From the bytes of a DICOM file to its elements, strictly: lengths that do not add up are told."""

import struct
import zlib
from dataclasses import dataclass

from gateway.dicom.duplicates import MAXIMUM_DEPTH, Malformed
from gateway.dicom.iod.elements import Element, Item, assumed_vr
from gateway.dicom.plan_file import transfer_syntax_of
from gateway.dicom.sop_classes import (
    DEFLATED,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)

PREFIX = b"DICM"
META_AT = 128 + len(PREFIX)
TRANSFER_SYNTAX = 0x00020010
_META_GROUP_LENGTH = struct.Struct("<L2sHL")
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_DELIMITERS = 0xFFFE
_UNDEFINED = 0xFFFFFFFF
_SHORT = "AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US"
_LONG = "OB OD OF OL OV OW SQ SV UC UN UR UT UV"
_VRS = {vr.encode(): (vr, vr in _LONG.split()) for vr in f"{_SHORT} {_LONG}".split()}
_ENCAPSULATED = frozenset({"OB", "OW"})
_MAYBE_ITEMS = frozenset({"SQ", "UN"})


@dataclass(frozen=True, slots=True)
class EncodedObject:
    """A file taken apart. ``meta`` is empty where it has no file meta information."""

    transfer_syntax_uid: str
    meta: Item
    dataset: Item


def read_object(content: bytes) -> EncodedObject:
    """Read a DICOM file (PS3.10 7), or a data set alone.

    Raises InputError, Malformed, and what is in READING_ERRORS.
    """
    syntax = str(transfer_syntax_of(content, "it"))
    if content[META_AT - len(PREFIX) : META_AT] != PREFIX:
        syntax = _guessed(content)
        return EncodedObject(syntax, Item(), _read(content, 0, len(content), syntax))
    *_, length = _META_GROUP_LENGTH.unpack_from(content, META_AT)
    start = META_AT + _META_GROUP_LENGTH.size + int(length)
    meta = _read(content, META_AT, start, EXPLICIT_VR_LITTLE_ENDIAN)
    if syntax == DEFLATED:
        body = zlib.decompress(content[start:], -zlib.MAX_WBITS)
        return EncodedObject(syntax, meta, _read(body, 0, len(body), EXPLICIT_VR_LITTLE_ENDIAN))
    return EncodedObject(syntax, meta, _read(content, start, len(content), syntax))


def _guessed(content: bytes) -> str:
    explicit = content[4:6] in _VRS
    return EXPLICIT_VR_LITTLE_ENDIAN if explicit else IMPLICIT_VR_LITTLE_ENDIAN


def _read(data: bytes, at: int, end: int, syntax: str) -> Item:
    implicit = syntax == IMPLICIT_VR_LITTLE_ENDIAN
    reader = _Reader(data, implicit=implicit, big_endian=syntax == EXPLICIT_VR_BIG_ENDIAN)
    if end > len(data):
        raise Malformed("the file ends within its file meta information")
    try:
        dataset, _ = reader.item(at, end, 0, None)
    except struct.error as problem:
        raise Malformed("the file ends within an element") from problem
    return dataset


class _Reader:
    """Reads from ``data`` at offsets; an item or a sequence is returned with where it ends."""

    def __init__(self, data: bytes, *, implicit: bool, big_endian: bool) -> None:
        order = ">" if big_endian else "<"
        self._data = data
        self._implicit = implicit
        self._big = big_endian
        self._tag_length = struct.Struct(order + "HHL").unpack_from
        self._tag_vr_length = struct.Struct(order + "HH2sH").unpack_from
        self._length = struct.Struct(order + "L").unpack_from

    def item(self, at: int, end: int, depth: int, outer: Item | None) -> tuple[Item, int]:
        """Elements up to ``end``, or to a delimiter."""
        if depth > MAXIMUM_DEPTH:
            raise Malformed(f"sequences nested deeper than {MAXIMUM_DEPTH}")
        item = Item(outer)
        elements, data, before = item.elements, self._data, -1
        while at < end:
            tag, vr, length, at = self._header(at)
            if tag >> 16 == _DELIMITERS:
                return item, at
            if vr in _MAYBE_ITEMS or length == _UNDEFINED:
                element, at = self._long(tag, vr, length, at, end, depth, item)
            else:
                stop = at + length
                if stop > end:
                    raise Malformed("an element is longer than what holds it")
                element = Element(tag, vr, data[at:stop], item, big_endian=self._big)
                at = stop
            if tag <= before:
                (item.repeated if tag in elements else item.misplaced).append(tag)
            before = tag
            elements[tag] = element
        return item, at

    def _header(self, at: int) -> tuple[int, str, int, int]:
        if self._implicit:
            group, number, length = self._tag_length(self._data, at)
            tag = group << 16 | number
            return tag, assumed_vr(tag), length, at + 8
        group, number, shown, length = self._tag_vr_length(self._data, at)
        tag = group << 16 | number
        vr, is_long = _VRS.get(shown, ("??", False))
        if is_long:
            (length,) = self._length(self._data, at + 8)
            return tag, vr, length, at + 12
        return tag, vr, length, at + 8

    def _long(
        self, tag: int, vr: str, length: int, at: int, end: int, depth: int, holder: Item
    ) -> tuple[Element, int]:
        """A sequence, pixel data in fragments (PS3.5 A.4), or what came through as UN (6.2.2)."""
        if vr == "UN" and length != _UNDEFINED and (known := assumed_vr(tag)) != "SQ":
            stop = at + length
            if stop > end:
                raise Malformed("an element is longer than what holds it")
            return Element(tag, known, self._data[at:stop], holder), stop
        if vr in _ENCAPSULATED:
            stop = self._fragments(at, end)
            return Element(tag, vr, self._data[at:stop], holder, big_endian=self._big), stop
        element = Element(tag, "SQ", b"", holder, big_endian=self._big)
        inside = self
        if vr == "UN":
            inside = _Reader(self._data, implicit=True, big_endian=False)
        element.items, at = inside.sequence(at, length, end, depth, holder)
        return element, at

    def sequence(
        self, at: int, length: int, end: int, depth: int, holder: Item
    ) -> tuple[tuple[Item, ...], int]:
        """The items of a sequence (PS3.5 7.5)."""
        stop = end if length == _UNDEFINED else at + length
        if stop > end:
            raise Malformed("a sequence is longer than what holds it")
        found: list[Item] = []
        while at < stop:
            group, number, item_length = self._tag_length(self._data, at)
            tag, at = group << 16 | number, at + 8
            if tag == _SEQUENCE_END:
                return tuple(found), at
            if tag != _ITEM:
                raise Malformed("a sequence holds something that is not an item")
            item_end = stop if item_length == _UNDEFINED else at + item_length
            if item_end > stop:
                raise Malformed("an item is longer than its sequence")
            item, at = self.item(at, item_end, depth + 1, holder)
            found.append(item)
        return tuple(found), at

    def _fragments(self, at: int, end: int) -> int:
        while at < end:
            group, number, length = self._tag_length(self._data, at)
            at += 8 + length
            if group << 16 | number == _SEQUENCE_END:
                return at
            if group << 16 | number != _ITEM or at > end:
                raise Malformed("pixel data in fragments that do not add up")
        raise Malformed("pixel data in fragments without an end")
