"""The frame LCP/1 and PFP/1 have in common: header, payload, CRC-32."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.domain.errors import RemoteProtocolError

_HEADER = struct.Struct("<2sBBII")
_CRC = struct.Struct("<I")
_VERSION = 1
_UNCHECKED = 2
"""The CRC leaves out the magic."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame whose CRC is right; the payload is not looked at yet."""

    type: int
    sequence: int
    payload: bytes


def encode_frame(magic: bytes, message_type: int, sequence: int, *parts: bytes) -> bytes:
    """One frame; the payload is ``parts``, one after the other."""
    length = sum(map(len, parts))
    header = _HEADER.pack(magic, _VERSION, message_type, sequence & 0xFFFFFFFF, length)
    crc = zlib.crc32(header[_UNCHECKED:])
    for part in parts:
        crc = zlib.crc32(part, crc)
    return b"".join((header, *parts, _CRC.pack(crc)))


class Deframer:
    """Cuts a byte stream into frames. Broken once, it stays broken."""

    def __init__(self, magic: bytes, maximum_payload: int) -> None:
        self._magic = magic
        self._maximum = maximum_payload
        self._buffer = bytearray()
        self._broken: str | None = None

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that ``data`` completes.

        Raises RemoteProtocolError at the first byte that cannot be part of a frame, after
        having yielded the whole frames before it.
        """
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        if self._broken is not None:
            raise RemoteProtocolError(self._broken)
        buffer = self._buffer
        known = self._magic + bytes([_VERSION])
        if bytes(buffer[:3]) != known[: len(buffer)]:
            raise self._break(f"a frame starts with {buffer[:3].hex(' ')}, not {known.hex(' ')}")
        if len(buffer) < _HEADER.size:
            return None
        _, _, message_type, sequence, length = _HEADER.unpack_from(buffer)
        if length > self._maximum:
            raise self._break(f"a payload of {length} bytes, at most {self._maximum}")
        end = _HEADER.size + length
        if len(buffer) < end + _CRC.size:
            return None
        (crc,) = _CRC.unpack_from(buffer, end)
        if crc != zlib.crc32(memoryview(buffer)[_UNCHECKED:end]):
            raise self._break(f"message {message_type:02X} has a wrong CRC")
        payload = bytes(buffer[_HEADER.size : end])
        del buffer[: end + _CRC.size]
        return Frame(message_type, sequence, payload)

    def _break(self, why: str) -> RemoteProtocolError:
        self._broken = why
        self._buffer.clear()
        return RemoteProtocolError(why)


class PayloadReader:
    """Takes a payload apart, in order; every shortage or surplus is a RemoteProtocolError."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._at = 0

    def take(self, layout: struct.Struct) -> tuple[int, ...]:
        """The next integers."""
        values: tuple[int, ...] = layout.unpack(self.raw(layout.size))
        return values

    def number(self, layout: struct.Struct) -> float:
        """The next single number."""
        value: float = layout.unpack(self.raw(layout.size))[0]
        return value

    def raw(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        taken = self._payload[self._at : self._at + size]
        if len(taken) != size:
            raise RemoteProtocolError(f"a payload of {len(self._payload)} bytes is too short")
        self._at += size
        return taken

    def string(self) -> str:
        """The next u8 length and text."""
        encoded = self.raw(self.raw(1)[0])
        try:
            return encoded.decode("utf-8")
        except UnicodeDecodeError as error:
            raise RemoteProtocolError(f"a text is not UTF-8: {encoded!r}") from error

    def strings(self) -> tuple[str, ...]:
        """The next u8 count and that many strings."""
        return tuple(self.string() for _ in range(self.raw(1)[0]))

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._payload):
            raise RemoteProtocolError(f"a payload of {len(self._payload)} bytes is too long")


def encode_string(text: str) -> bytes:
    """A u8 length and UTF-8, cut at a whole character within 255 bytes."""
    encoded = text.encode("utf-8")[:255].decode("utf-8", "ignore").encode("utf-8")
    return bytes([len(encoded)]) + encoded
