"""Small elements of an encoded data set, found without building what lies between them.

An object may be made so that reading it takes a hundred times its size of memory: of elements
without a value, or of empty items. Here sequences are passed over, and all of it is counted.
"""

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gateway.dicom.encoded import MAXIMUM_DEPTH, Malformed
from gateway.dicom.front_elements import LONG_LENGTHS

LOOKED_AT = 100_000
"""So many elements and items, at any depth, are passed at most."""
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_DELIMITERS = 0xFFFE
_UNDEFINED = 0xFFFFFFFF
_ENCAPSULATED = frozenset({b"OB", b"OW"})


class Encoded(NamedTuple):
    """An element of the top level, from its tag to the end of its value; ``vr`` if it is told."""

    tag: int
    vr: bytes
    start: int
    end: int


class Syntax(NamedTuple):
    """How a data set is encoded."""

    implicit: bool
    little: bool


def syntax_of(data: bytes, assumed: Syntax) -> Syntax:
    """The syntax as the first element shows it: some objects have another than they say."""
    shown = data[4:6]
    if len(shown) < 2:
        return assumed
    return assumed._replace(implicit=not (shown.isalpha() and shown.isupper()))


def top_level(data: bytes, syntax: Syntax) -> Iterator[Encoded]:
    """The elements, as far as ``data`` goes. Raises Malformed, also for more than LOOKED_AT."""
    return _Passage(data, syntax).elements()


class _Passage:
    def __init__(self, data: bytes, syntax: Syntax) -> None:
        self._data = data
        self._left = LOOKED_AT
        self._syntax = syntax
        self._at = 0

    def elements(self) -> Iterator[Encoded]:
        while self._at < len(self._data):
            start = self._at
            tag, vr, length = self._header(self._syntax)
            if length != _UNDEFINED:
                self._at += length
            elif vr in _ENCAPSULATED:
                self._at = len(self._data)
            else:
                self._pass_sequence(self._inside(vr, self._syntax))
            yield Encoded(tag, vr, start, self._at)

    def _pass_sequence(self, syntax: Syntax) -> None:
        """Go behind the end of a sequence of undefined length, whose value begins here."""
        open_: list[tuple[Callable[[Syntax], bool | Syntax], Syntax]] = [(self._item, syntax)]
        while open_:
            if len(open_) > 2 * MAXIMUM_DEPTH:
                raise Malformed(f"sequences nested deeper than {MAXIMUM_DEPTH}")
            look, syntax = open_[-1]
            found = look(syntax)
            if found is True:
                open_.pop()
            elif isinstance(found, Syntax):
                inner = self._element if look == self._item else self._item
                open_.append((inner, found))

    def _item(self, syntax: Syntax) -> bool | Syntax:
        """Pass an item, or enter one of undefined length; True behind the end of the sequence."""
        tag, _, length = self._header(syntax._replace(implicit=True))
        if tag == _SEQUENCE_END:
            return True
        if tag != _ITEM:
            raise Malformed("a sequence holds something that is not an item")
        return self._passed(length, syntax)

    def _element(self, syntax: Syntax) -> bool | Syntax:
        """Pass an element, or enter one of undefined length; True behind the end of the item."""
        tag, vr, length = self._header(syntax)
        return True if tag == _ITEM_END else self._passed(length, self._inside(vr, syntax))

    def _passed(self, length: int, inside: Syntax) -> bool | Syntax:
        if length == _UNDEFINED:
            return inside
        self._at += length
        return False

    def _inside(self, vr: bytes, syntax: Syntax) -> Syntax:
        """What came through as UN is implicit (PS3.5 6.2.2)."""
        return Syntax(implicit=True, little=True) if vr == b"UN" else syntax

    def _header(self, syntax: Syntax) -> tuple[int, bytes, int]:
        self._left -= 1
        if self._left < 0:
            raise Malformed(f"more than {LOOKED_AT} elements and items before its bulk")
        order = "<" if syntax.little else ">"
        try:
            group, element = struct.unpack_from(order + "HH", self._data, self._at)
            if syntax.implicit or group == _DELIMITERS:
                (length,) = struct.unpack_from(order + "L", self._data, self._at + 4)
                vr, self._at = b"", self._at + 8
            else:
                vr, length = struct.unpack_from(order + "2sH", self._data, self._at + 4)
                self._at += 8
                if vr in LONG_LENGTHS:
                    (length,) = struct.unpack_from(order + "L", self._data, self._at)
                    self._at += 4
        except struct.error as problem:
            raise Malformed("the data set ends within an element") from problem
        return group << 16 | element, vr, length
