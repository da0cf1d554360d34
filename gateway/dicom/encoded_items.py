"""A data set as it was read: bytes by tag, decoded when they are asked for."""

import struct
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from mmap import mmap
from typing import Any

from pydicom._dicom_dict import DicomDictionary
from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from pydicom.values import convert_value

from gateway.dicom.character_sets import without_escapes
from gateway.dicom.numbers import NotANumber, decimals, integers, is_empty

Content = bytes | mmap
"""A file's bytes, in memory or mapped."""

SPECIFIC_CHARACTER_SET = 0x00080005
PIXEL_REPRESENTATION = 0x00280103
SIGNED_OR_NOT = frozenset(
    tag for tag, (vr, *_) in DicomDictionary.items() if vr.startswith("US or SS")
)
"""Attributes that are signed where the pixels are (PS3.6 6, PS3.3 C.7.6.3.1)."""
BINARY = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
"""Numbers by VR, as the struct module calls them."""
IN_CHARACTER_SET = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
SINGLE_TEXT = frozenset({"LT", "ST", "UR", "UT"})
TEXTS = IN_CHARACTER_SET | {"AE", "AS", "CS", "DA", "DT", "TM", "UI", "UR"}
_PADDED = TEXTS | {"DS", "IS"}
_ESCAPE = b"\x1b"
_FIRST_OF = {"US or SS": "US", "US or OW": "OW", "US or SS or OW": "US", "OB or OW": "OW"}
_PRIVATE = 0x10000
_CREATORS = range(0x10, 0x100)


class Element:
    """One element. ``items`` are those of a sequence, None for anything else."""

    __slots__ = ("_value", "big_endian", "holder", "items", "raw", "tag", "vr")

    def __init__(
        self, tag: int, vr: str, raw: bytes, holder: "Item", *, big_endian: bool = False
    ) -> None:
        self.tag = tag
        self.vr = vr
        self.raw = raw
        self.holder = holder
        self.big_endian = big_endian
        self.items: tuple[Item, ...] | None = None
        self._value: Sequence[Any] | None = None

    @property
    def size(self) -> int:
        """How many bytes the value has."""
        return len(self.raw)

    def part(self, start: int, stop: int) -> bytes:
        """Bytes of the value, copied."""
        return self.raw[start:stop]

    @property
    def is_empty(self) -> bool:
        """Whether it has no value: no item, or nothing but padding."""
        if self.items is not None:
            return not self.items
        return not self.raw or (self.vr in _PADDED and is_empty(self.raw))

    @property
    def values(self) -> Sequence[Any]:
        """What it holds, decoded; a number that is none stays the text it is."""
        if self._value is None:
            self._value = () if self.is_empty else self._decoded()
        return self._value

    @property
    def value(self) -> Any:
        """As pydicom has it: one value, several, or None."""
        if self.items is not None:
            return self.items
        several = self.values
        return several[0] if len(several) == 1 else list(several) or None

    @property
    def VM(self) -> int:  # noqa: N802  (as dicom-validator asks for it)
        """How many values there are."""
        return len(self.values)

    def _decoded(self) -> Sequence[Any]:
        if self.vr in BINARY:
            order = ">" if self.big_endian else "<"
            form = struct.Struct(order + BINARY[self.vr])
            whole = len(self.raw) - len(self.raw) % form.size
            return tuple(value for (value,) in form.iter_unpack(self.raw[:whole]))
        if self.vr == "AT":
            form = struct.Struct(">HH" if self.big_endian else "<HH")
            whole = len(self.raw) - len(self.raw) % form.size
            pairs = form.iter_unpack(self.raw[:whole])
            return tuple(group << 16 | number for group, number in pairs)
        if self.vr in ("DS", "IS"):
            try:
                return tuple(decimals(self.raw)) if self.vr == "DS" else integers(self.raw)
            except NotANumber:
                return self.raw.decode("ascii", "replace").split("\\")
        return self._texts() if self.vr in TEXTS else (self.raw,)

    def _texts(self) -> Sequence[str]:
        if self.vr not in IN_CHARACTER_SET or (self.raw.isascii() and _ESCAPE not in self.raw):
            whole = self.raw.decode("latin-1")
            several = [whole] if self.vr in SINGLE_TEXT else whole.split("\\")
            return [one.rstrip(" \0") for one in several]
        raw = RawDataElement(
            Tag(self.tag),
            self.vr,
            len(self.raw),
            self.raw,
            0,
            is_implicit_VR=False,
            is_little_endian=not self.big_endian,
        )
        value = convert_value(self.vr, raw, list(self.holder.encodings))
        one_alone = isinstance(value, str) or not isinstance(value, Sequence)
        texts = [str(one) for one in ((value,) if one_alone else value)]
        return [str(without_escapes(one)) for one in texts]


class BulkElement(Element):
    """A long value of pixels and the like, which stays where it is until it is asked for."""

    __slots__ = ("_at", "_data", "_stop")

    def __init__(
        self,
        tag: int,
        vr: str,
        data: Content,
        span: slice,
        holder: "Item",
        *,
        big_endian: bool = False,
    ) -> None:
        self.tag = tag
        self.vr = vr
        self.holder = holder
        self.big_endian = big_endian
        self.items = None
        self._data = data
        self._at: int = span.start
        self._stop: int = span.stop

    @property
    def raw(self) -> bytes:  # type: ignore[override]  # read only, made at each call
        """The value, copied."""
        return self._data[self._at : self._stop]

    def part(self, start: int, stop: int) -> bytes:
        """Bytes of the value; only these are copied."""
        return self._data[self._at + start : min(self._at + stop, self._stop)]

    @property
    def size(self) -> int:
        """How many bytes the value has."""
        return self._stop - self._at

    @property
    def is_empty(self) -> bool:
        """Never: it is long."""
        return False

    @property
    def values(self) -> Sequence[Any]:
        """The one value, copied."""
        return (self.raw,)


class Item:
    """An item, or the data set as a whole; ``outer`` is what holds it.

    ``repeated`` are tags that stand more than once, ``misplaced`` those out of order (PS3.5 7.1).
    """

    def __init__(self, outer: "Item | None" = None) -> None:
        self.outer = outer
        self.elements: dict[int, Element] = {}
        self.repeated: list[int] = []
        self.misplaced: list[int] = []

    @cached_property
    def encodings(self) -> tuple[str, ...]:
        """Python's names of the character sets that hold here (PS3.5 6.1.2)."""
        named = self.elements.get(SPECIFIC_CHARACTER_SET)
        if named is not None:
            return tuple(convert_encodings([str(one) for one in named.values] or [""]))
        return self.outer.encodings if self.outer is not None else ("iso8859",)

    @property
    def has_signed_pixels(self) -> bool:
        """Whether Pixel Representation says so, here or around, as far as it was read."""
        named = self.elements.get(PIXEL_REPRESENTATION)
        if named is None:
            return self.outer is not None and self.outer.has_signed_pixels
        return tuple(named.values) == (1,)

    def __contains__(self, tag: int | str) -> bool:
        return number_of(tag) in self.elements

    def __getitem__(self, tag: int | str) -> Element:
        return self.elements[number_of(tag)]

    def __iter__(self) -> Iterator[Element]:
        return iter(self.elements.values())

    def element(self, keyword: str) -> Element | None:
        """The element of a keyword."""
        return self.elements.get(_tag_of(keyword))

    def get(self, keyword: str, default: Any = None) -> Any:
        """The value of a keyword, as pydicom has it."""
        found = self.elements.get(_tag_of(keyword))
        return default if found is None else found.value


def number_of(tag: int | str) -> int:
    """The number of a tag, or of a keyword."""
    return _tag_of(tag) if isinstance(tag, str) else tag


@lru_cache(maxsize=4096)
def _tag_of(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag


@lru_cache(maxsize=8192)
def name_of(tag: int) -> str:
    """The keyword of a tag, or the tag."""
    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


@lru_cache(maxsize=8192)
def dictionary_vrs(tag: int) -> tuple[str, ...]:
    """The VRs that PS3.6 has for a tag; none for one that is not public."""
    if tag & _PRIVATE:
        return ()
    try:
        return tuple(dictionary_VR(tag).split(" or "))
    except KeyError:
        return ()


@lru_cache(maxsize=8192)
def assumed_vr(tag: int) -> str:
    """The VR of an element that does not tell it (PS3.5 A.1, 7.8.1)."""
    if not tag & 0xFFFF:
        return "UL"
    if tag & _PRIVATE:
        return "LO" if tag & 0xFFFF in _CREATORS else "UN"
    vrs = dictionary_vrs(tag)
    return _FIRST_OF.get(" or ".join(vrs), vrs[0]) if vrs else "UN"
