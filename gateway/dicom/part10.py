"""A DICOM file taken apart: its meta information, and where its data set begins (PS3.10)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.domain.errors import InputError

PREAMBLE_BYTES = 128
PREFIX = b"DICM"
META_GROUP = 0x0002
SOP_CLASS, SOP_INSTANCE, TRANSFER_SYNTAX = 0x0002, 0x0003, 0x0010
HEAD_BYTES = 64 * 2**10
"""More than any meta information that is not made to annoy."""
SHORTEST_BYTES = 8
LONG_LENGTHS = frozenset({b"OB", b"OW", b"UN", b"UT", b"UC", b"UR", b"SQ"})
"""VRs whose length has four bytes, of those that may occur (PS3.5 7.1.2)."""


@dataclass(frozen=True, slots=True)
class FileMeta:
    """``offset`` is where the data set begins."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    offset: int


def file_meta(head: bytes) -> FileMeta:
    """The meta information (PS3.10 7.1) of a file that begins with ``head``. Raises InputError."""
    if head[PREAMBLE_BYTES : PREAMBLE_BYTES + len(PREFIX)] != PREFIX:
        raise InputError("not a DICOM file: there is no DICM after the preamble")
    uids: dict[int, str] = {}
    end = PREAMBLE_BYTES + len(PREFIX)
    try:
        for element, value, after in _elements(head[:HEAD_BYTES], end):
            end = after
            if element in (SOP_CLASS, SOP_INSTANCE, TRANSFER_SYNTAX):
                uids[element] = value.decode("ascii").rstrip("\0 ")
        return FileMeta(uids[SOP_CLASS], uids[SOP_INSTANCE], uids[TRANSFER_SYNTAX], end)
    except struct.error as error:
        raise InputError("its file meta information ends in the middle") from error
    except KeyError as error:
        raise InputError(f"its file meta information lacks (0002,{error.args[0]:04X})") from error
    except UnicodeDecodeError as error:
        raise InputError("its file meta information has a UID that is none") from error


def _elements(head: bytes, start: int) -> Iterator[tuple[int, bytes, int]]:
    """Element, value and end of everything in group 0002, Explicit VR Little Endian."""
    while len(head) - start >= SHORTEST_BYTES:
        group, element, vr = struct.unpack_from("<HH2s", head, start)
        if group != META_GROUP:
            return
        if vr in LONG_LENGTHS:
            (length,), begin = struct.unpack_from("<L", head, start + 8), start + 12
        else:
            (length,), begin = struct.unpack_from("<H", head, start + 6), start + 8
        start = begin + length
        if start > len(head):
            raise struct.error
        yield element, head[begin:start], start
