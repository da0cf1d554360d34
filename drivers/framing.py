"""The binary frame that LCP/1 and PFP/1 share: header, payload, CRC-32."""

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from drivers.incremental import Take
from gateway.domain.errors import LocalProtocolError, RemoteProtocolError

M = TypeVar("M")
R = TypeVar("R")

_HEADER = struct.Struct("<2sBBII")
_CRC = struct.Struct("<I")
_CRC_START = 2
LARGE_BYTES = 1 << 17
"""From here on a payload is worth more than the room that its frame's head and end take."""


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """What tells one protocol's frames from another's. ``maximum_payload`` is in bytes."""

    magic: bytes
    version: int
    maximum_payload: int


def encode_frame(form: FrameFormat, kind: int, sequence: int, payload: bytes) -> bytes:
    """One frame. Raises LocalProtocolError for a payload above the format's maximum."""
    if len(payload) > form.maximum_payload:
        raise LocalProtocolError(f"payload of {len(payload)} bytes, at most {form.maximum_payload}")
    head = _HEADER.pack(form.magic, form.version, kind, sequence, len(payload))
    crc = zlib.crc32(payload, zlib.crc32(head[_CRC_START:]))
    return b"".join((head, payload, _CRC.pack(crc)))


def frame_taker(
    form: FrameFormat,
    decoders: Mapping[int, Callable[[bytes | memoryview], M]],
    accept: Callable[[int, M], R],
) -> Take[R]:
    """How an IncrementalDecoder takes frames.

    ``decoders`` has one entry per message type that may arrive: payload -> message; ``accept``
    makes an item of (sequence, message). Both raise RemoteProtocolError for what is forbidden.
    The header is judged before its payload is waited for. The CRC goes along with what arrives
    of a frame: at the end of a large one nobody waits for all of it. A large payload is not
    copied either: it is a view of the buffer, read-only.
    """
    prefix = form.magic + bytes((form.version,))
    crc = checked = 0

    def take(buffer: bytearray, start: int) -> tuple[int, R] | None:
        nonlocal crc, checked
        if not buffer.startswith(prefix, start):
            _check_begun(buffer[start : start + len(prefix)], prefix)
            return None
        if len(buffer) - start < _HEADER.size:
            return None
        _, _, kind, sequence, length = _HEADER.unpack_from(buffer, start)
        decode = decoders.get(kind)
        if decode is None:
            _break(f"message type {kind:02X} is not one that may arrive here")
        if length > form.maximum_payload:
            _break(f"payload length {length}, at most {form.maximum_payload}")
        first, end = start + _CRC_START, start + _HEADER.size + length
        with memoryview(buffer) as view:
            crc = zlib.crc32(view[first + checked : end], crc)
            checked = min(len(buffer), end) - first
            if len(buffer) < end + _CRC.size:
                return None
            payload = _payload(view, start + _HEADER.size, end)
        computed, crc, checked = crc, 0, 0
        (stated,) = _CRC.unpack_from(buffer, end)
        if stated != computed:
            _break(f"message type {kind:02X}: CRC {stated:08X}, computed {computed:08X}")
        return end + _CRC.size, accept(sequence, decode(payload))

    return take


def _payload(buffer: memoryview, start: int, end: int) -> bytes | memoryview:
    part = buffer[start:end]
    return bytes(part) if len(part) < LARGE_BYTES else part.toreadonly()


def _check_begun(seen: bytearray, prefix: bytes) -> None:
    """Raises RemoteProtocolError when ``seen`` cannot become ``prefix``."""
    if not prefix.startswith(seen):
        _break(f"a frame begins with {seen.hex(' ')}, wanted {prefix.hex(' ')}")


def _break(text: str) -> NoReturn:
    raise RemoteProtocolError(text)
