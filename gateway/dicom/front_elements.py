"""Where the elements of an encoded data set lie, little endian (PS3.5 7.1)."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

SHORT_LENGTHS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
LONG_LENGTHS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
"""Value representations whose length has two bytes, or four after two that are reserved."""
_KNOWN = SHORT_LENGTHS | LONG_LENGTHS
_EXPLICIT = struct.Struct("<HH2sH")
_IMPLICIT = struct.Struct("<HHL")
_LENGTH = struct.Struct("<L")


class Located(NamedTuple):
    """An element; ``vr`` is empty where the encoding does not say it.

    Its value is between ``begin`` and ``end``, which may be after the end of what was read: so it
    is with a value of undefined length.
    """

    tag: int
    vr: str
    begin: int
    end: int


def explicit_elements(front: bytes) -> Iterator[Located]:
    """Explicit VR, as far as ``front`` goes. Raises ValueError for what is something else."""
    at = 0
    while at < len(front):
        try:
            group, element, vr, length = _EXPLICIT.unpack_from(front, at)
            at += _EXPLICIT.size
            if vr in LONG_LENGTHS:
                (length,) = _LENGTH.unpack_from(front, at)
                at += _LENGTH.size
        except struct.error:
            raise ValueError("the front ends in the head of an element") from None
        if vr not in _KNOWN:
            raise ValueError("no value representation")
        yield Located(group << 16 | element, vr.decode("ascii"), at, at + length)
        at += length


def implicit_elements(front: bytes) -> Iterator[Located]:
    """Implicit VR, as far as ``front`` goes. Raises ValueError for what is something else."""
    at = 0
    while at < len(front):
        try:
            group, element, length = _IMPLICIT.unpack_from(front, at)
        except struct.error:
            raise ValueError("the front ends in the head of an element") from None
        if front[at + 4 : at + 6] in _KNOWN:
            raise ValueError("a value representation, it seems")
        at += _IMPLICIT.size
        yield Located(group << 16 | element, "", at, at + length)
        at += length
