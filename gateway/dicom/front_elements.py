"""Where the elements of an encoded data set lie, little endian (PS3.5 7.1)."""

import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

SHORT_LENGTHS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
LONG_LENGTHS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
"""Value representations whose length has two bytes, or four after two that are reserved."""
_KNOWN = SHORT_LENGTHS | LONG_LENGTHS
_HEAD_BYTES = 8
_EXPLICIT = struct.Struct("<HH2sH")
_IMPLICIT = struct.Struct("<HHL")
_LENGTH = struct.Struct("<L")
_REMEMBERED = 4096
"""So many heads are: the objects of a series have most of theirs in common."""


class _Head(NamedTuple):
    """The first bytes of an element; ``length`` is None where it stands behind them."""

    tag: int
    vr: str
    length: int | None


Located = tuple[int, str, int, int]
"""An element: its tag, its value representation, empty where the encoding does not say it, and
where its value begins and ends. The end may be after the end of what was read: so it is with a
value of undefined length."""


def explicit_elements(front: bytes) -> Iterator[Located]:
    """Explicit VR, as far as ``front`` goes. Raises ValueError for what is something else."""
    at = 0
    while at < len(front):
        tag, vr, length = _explicit_head(front[at : at + _HEAD_BYTES])
        at += _HEAD_BYTES
        if length is None:
            length = _long_length(front, at)
            at += _LENGTH.size
        yield tag, vr, at, at + length
        at += length


def implicit_elements(front: bytes) -> Iterator[Located]:
    """Implicit VR, as far as ``front`` goes. Raises ValueError for what is something else."""
    at = 0
    while at < len(front):
        tag, length = _implicit_head(front[at : at + _HEAD_BYTES])
        at += _HEAD_BYTES
        yield tag, "", at, at + length
        at += length


@lru_cache(maxsize=_REMEMBERED)
def _explicit_head(head: bytes) -> _Head:
    if len(head) < _HEAD_BYTES:
        raise ValueError("the front ends in the head of an element")
    group, element, vr, length = _EXPLICIT.unpack(head)
    if vr not in _KNOWN:
        raise ValueError("no value representation")
    is_long = vr in LONG_LENGTHS
    return _Head(group << 16 | element, vr.decode("ascii"), None if is_long else length)


def _long_length(front: bytes, at: int) -> int:
    if at + _LENGTH.size > len(front):
        raise ValueError("the front ends in the head of an element")
    (length,) = _LENGTH.unpack_from(front, at)
    return int(length)


@lru_cache(maxsize=_REMEMBERED)
def _implicit_head(head: bytes) -> tuple[int, int]:
    if len(head) < _HEAD_BYTES:
        raise ValueError("the front ends in the head of an element")
    group, element, length = _IMPLICIT.unpack(head)
    if head[4:6] in _KNOWN:
        raise ValueError("a value representation, it seems")
    return group << 16 | element, length
