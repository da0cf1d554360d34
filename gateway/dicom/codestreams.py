"""The size that a compressed frame says it has, in its own header."""

import struct

_JPEG, _JPEG_2000 = b"\xff\xd8", b"\xff\x4f\xff\x51"
_FRAME_HEADERS = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
"""Markers of ITU-T T.81 table B.1, and of T.87 C.1.1, that begin a frame header."""
_SCAN = 0xDA
_SEGMENT = struct.Struct(">BBH")
_HEIGHT_WIDTH = struct.Struct(">xHH")
_SIZ = struct.Struct(">4xHHLLLL")


def declared_size(frame: bytes) -> tuple[int, int] | None:
    """Rows and columns of a JPEG, JPEG-LS or JPEG 2000 frame (ITU-T T.800 A.5.1).

    None where it has no such header, as run lengths have not, or is cut off.
    """
    try:
        if frame.startswith(_JPEG_2000):
            _, _, right, bottom, left, top = _SIZ.unpack_from(frame)
            return bottom - top, right - left
        return _jpeg_size(frame) if frame.startswith(_JPEG) else None
    except struct.error:
        return None


def _jpeg_size(frame: bytes) -> tuple[int, int] | None:
    at, marker = len(_JPEG), 0
    while marker != _SCAN:
        begin, marker, length = _SEGMENT.unpack_from(frame, at)
        if begin != 0xFF:
            return None
        if marker in _FRAME_HEADERS:
            height, width = _HEIGHT_WIDTH.unpack_from(frame, at + _SEGMENT.size)
            return height, width
        at += 2 + length
    return None
