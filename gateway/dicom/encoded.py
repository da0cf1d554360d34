"""From the bytes of a DICOM file to its elements, strictly: what does not add up is told."""

import struct
import zlib
from dataclasses import dataclass

from gateway.dicom.encoded_items import (
    SIGNED_OR_NOT,
    BulkElement,
    Content,
    Element,
    Item,
    assumed_vr,
)
from gateway.dicom.sop_classes import (
    DEFLATED,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)

MAXIMUM_DEPTH = 32
MAXIMUM_INFLATED_BYTES = 256 * 2**20
PREFIX = b"DICM"
META_AT = 128 + len(PREFIX)
TRANSFER_SYNTAX = 0x00020010
_META_GROUP_LENGTH = struct.Struct("<L2sHL")
_META_BEGINS = (0x00000002, b"UL")
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_DELIMITERS = 0xFFFE
_UNDEFINED = 0xFFFFFFFF
_SHORT = "AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US"
_LONG = "OB OD OF OL OV OW SQ SV UC UN UR UT UV"
_VRS = {vr.encode(): (vr, vr in _LONG.split()) for vr in f"{_SHORT} {_LONG}".split()}
_ENCAPSULATED = frozenset({"OB", "OW"})
_MAYBE_ITEMS = frozenset({"SQ", "UN"})
_BULK = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
LONG_VALUE_BYTES = 2**16
"""Values of these VRs that are longer stay in the file."""
_FIRST_GROUPS = (b"\x02\0", b"\x08\0", b"\0\x08")
_ENDS = "the file ends within an element"
_TOO_LONG = "an element is longer than what holds it"


class Malformed(ValueError):
    """The bytes are not a data set in their transfer syntax; says why, for people."""


@dataclass(frozen=True, slots=True)
class EncodedObject:
    """A file taken apart. ``meta`` is empty where it has no file meta information."""

    transfer_syntax_uid: str
    meta: Item
    dataset: Item


def read_object(content: Content) -> EncodedObject:
    """Read a DICOM file (PS3.10 7), or a data set alone. Raises Malformed."""
    return _read_object(content, None)


def salvage_object(content: Content) -> tuple[EncodedObject, list[str]]:
    """What can be read of a damaged file, for telling what it lacks, and what is wrong with it.

    Raises Malformed when nothing can be.
    """
    damage: list[str] = []
    return _read_object(content, damage), damage


def _read_object(content: Content, damage: list[str] | None) -> EncodedObject:
    try:
        return _taken_apart(content, damage)
    except struct.error as problem:
        raise Malformed(_ENDS) from problem
    except zlib.error as problem:
        raise Malformed(f"the data set cannot be inflated: {problem}") from problem


def read_dataset(content: Content, transfer_syntax_uid: str) -> Item:
    """Read a data set of an uncompressed transfer syntax. Raises Malformed."""
    try:
        return _read(content, 0, len(content), transfer_syntax_uid)
    except struct.error as problem:
        raise Malformed("the data set ends within an element") from problem


def _taken_apart(content: Content, damage: list[str] | None) -> EncodedObject:
    if content[META_AT - len(PREFIX) : META_AT] != PREFIX:
        syntax = _guessed(content)
        return EncodedObject(syntax, Item(), _read(content, 0, len(content), syntax, damage))
    tag, vr, _, length = _META_GROUP_LENGTH.unpack_from(content, META_AT)
    if (tag, vr) != _META_BEGINS:
        raise Malformed("the file meta information does not begin with its group length")
    start = META_AT + _META_GROUP_LENGTH.size + int(length)
    if start > len(content):
        raise Malformed("the file ends within its file meta information")
    meta = _read(content, META_AT, start, EXPLICIT_VR_LITTLE_ENDIAN)
    named = meta.elements.get(TRANSFER_SYNTAX)
    syntax = str(named.values[0]) if named and named.values else IMPLICIT_VR_LITTLE_ENDIAN
    if syntax == DEFLATED:
        content, start = _inflated(content[start:]), 0
    return EncodedObject(syntax, meta, _read(content, start, len(content), syntax, damage))


def _inflated(deflated: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = inflater.decompress(deflated, MAXIMUM_INFLATED_BYTES)
    if inflater.unconsumed_tail:
        raise Malformed(f"it inflates to more than {MAXIMUM_INFLATED_BYTES >> 20} MiB")
    if not inflater.eof:
        raise Malformed("the file ends within its deflated data set")
    return inflated


def begins_as_object(head: bytes) -> bool:
    """Whether bytes begin as a DICOM file, or as a data set alone: with group 2 or 8."""
    if head[META_AT - len(PREFIX) : META_AT] == PREFIX:
        return True
    return head[:2] in _FIRST_GROUPS and (head[4:6] in _VRS or head[6:8] == b"\0\0")


def _guessed(content: Content) -> str:
    explicit = content[4:6] in _VRS
    return EXPLICIT_VR_LITTLE_ENDIAN if explicit else IMPLICIT_VR_LITTLE_ENDIAN


def _read(data: Content, at: int, end: int, syntax: str, damage: list[str] | None = None) -> Item:
    implicit = syntax == IMPLICIT_VR_LITTLE_ENDIAN
    big_endian = syntax == EXPLICIT_VR_BIG_ENDIAN
    reader = _Reader(data, implicit=implicit, big_endian=big_endian, damage=damage)
    dataset, _ = reader.item(at, end, 0, None, delimited=False)
    return dataset


class _Reader:
    """Reads from ``data`` at offsets; an item or a sequence is returned with where it ends.

    Given ``damage``, what is wrong goes there, and what was read before it stands.
    """

    def __init__(
        self, data: Content, *, implicit: bool, big_endian: bool, damage: list[str] | None = None
    ) -> None:
        order = ">" if big_endian else "<"
        self._data = data
        self._implicit = implicit
        self._big = big_endian
        self._damage = damage
        self._tag_length = struct.Struct(order + "HHL").unpack_from
        self._tag_vr_length = struct.Struct(order + "HH2sH").unpack_from
        self._length = struct.Struct(order + "L").unpack_from

    def item(
        self, at: int, end: int, depth: int, outer: Item | None, *, delimited: bool
    ) -> tuple[Item, int]:
        """Elements up to ``end``; where ``delimited``, up to a delimiter before it."""
        if depth > MAXIMUM_DEPTH:
            raise Malformed(f"sequences nested deeper than {MAXIMUM_DEPTH}")
        item = Item(outer)
        elements, before = item.elements, -1
        while at < end:
            start = at
            try:
                tag, vr, length, at = self._header(at)
            except struct.error:
                self._wrong(_ENDS)
                return item, end
            if tag >> 16 == _DELIMITERS:
                if delimited and tag == _ITEM_END:
                    return item, start + 8
                self._wrong("a delimiter stands where nothing is to be delimited")
                return item, end
            if vr in _MAYBE_ITEMS or length == _UNDEFINED:
                element, at = self._long(tag, vr, length, at, end, depth, item)
            else:
                stop = at + length
                if stop > end:
                    self._wrong(_TOO_LONG)
                    return item, end
                if tag in SIGNED_OR_NOT and self._implicit and item.has_signed_pixels:
                    vr = "SS"
                element = self._valued(tag, vr, at, stop, item)
                at = stop
            if tag <= before:
                (item.repeated if tag in elements else item.misplaced).append(tag)
            before = tag
            elements[tag] = element
        if delimited:
            self._wrong("an item has no end")
        return item, at

    def _valued(self, tag: int, vr: str, at: int, stop: int, holder: Item) -> Element:
        if stop - at > LONG_VALUE_BYTES and vr in _BULK:
            return BulkElement(tag, vr, self._data, slice(at, stop), holder, big_endian=self._big)
        return Element(tag, vr, self._data[at:stop], holder, big_endian=self._big)

    def _wrong(self, text: str) -> None:
        if self._damage is None:
            raise Malformed(text)
        self._damage.append(text)

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
                raise Malformed(_TOO_LONG)
            return self._valued(tag, known, at, stop, holder), stop
        if vr in _ENCAPSULATED:
            stop = self._fragments(at, end)
            return self._valued(tag, vr, at, stop, holder), stop
        element = Element(tag, "SQ", b"", holder, big_endian=self._big)
        inside = self
        if vr == "UN":
            inside = _Reader(self._data, implicit=True, big_endian=False, damage=self._damage)
        element.items, at = inside.sequence(at, length, end, depth, holder)
        return element, at

    def sequence(
        self, at: int, length: int, end: int, depth: int, holder: Item
    ) -> tuple[tuple[Item, ...], int]:
        """The items of a sequence (PS3.5 7.5)."""
        delimited = length == _UNDEFINED
        stop = end if delimited else at + length
        if stop > end:
            self._wrong("a sequence is longer than what holds it")
            stop = end
        found: list[Item] = []
        while at < stop:
            try:
                group, number, item_length = self._tag_length(self._data, at)
            except struct.error:
                self._wrong(_ENDS)
                return tuple(found), stop
            tag, at = group << 16 | number, at + 8
            if tag == _SEQUENCE_END and delimited:
                return tuple(found), at
            if tag != _ITEM:
                self._wrong("a sequence holds something that is not an item")
                return tuple(found), stop
            open_ended = item_length == _UNDEFINED
            item_end = stop if open_ended else at + item_length
            if item_end > stop:
                self._wrong("an item is longer than its sequence")
                item_end = stop
            item, at = self.item(at, item_end, depth + 1, holder, delimited=open_ended)
            found.append(item)
        if delimited:
            self._wrong("a sequence has no end")
        return tuple(found), at

    def _fragments(self, at: int, end: int) -> int:
        while at < end:
            group, number, length = self._tag_length(self._data, at)
            tag, at = group << 16 | number, at + 8 + length
            if at > end or tag not in (_ITEM, _SEQUENCE_END):
                raise Malformed("pixel data in fragments that do not add up")
            if tag == _SEQUENCE_END:
                return at
        raise Malformed("pixel data in fragments without an end")
