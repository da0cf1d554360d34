"""PFP/1 as the imager speaks it: requests decoded, replies and frames encoded."""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gateway.domain.errors import RemoteProtocolError
from simulators.epid import messages as m
from simulators.wire.framing import Deframer, Frame, PayloadReader, encode_frame, encode_string

MAGIC = b"PF"
PROTOCOL = 1
MAXIMUM_PAYLOAD = 16_777_216

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_START = struct.Struct("<HBI")
_WELCOME = struct.Struct("<HHHIIBI")
_FRAME = struct.Struct("<BHIQQqqdIHH")


@dataclass(frozen=True, slots=True)
class Request:
    """A decoded message from the gateway."""

    sequence: int
    message: m.Command


class RequestDecoder:
    """Bytes from the gateway into requests. Broken once, it stays broken."""

    def __init__(self) -> None:
        self._deframer = Deframer(MAGIC, MAXIMUM_PAYLOAD)

    def feed(self, data: bytes) -> Iterator[Request]:
        """The requests that ``data`` completes; raises RemoteProtocolError where it is broken."""
        for frame in self._deframer.feed(data):
            yield Request(frame.sequence, _decode(frame))


def _decode(frame: Frame) -> m.Command:
    decoder = _DECODERS.get(frame.type)
    if decoder is None:
        raise RemoteProtocolError(f"there is no message {frame.type:02X}")
    reader = PayloadReader(frame.payload)
    message = decoder(reader)
    reader.end()
    return message


def _hello(reader: PayloadReader) -> m.Hello:
    (protocol,) = reader.take(_U16)
    return m.Hello(protocol, reader.string())


def _start(reader: PayloadReader) -> m.Start:
    beam_number, kind, rate = reader.take(_START)
    if kind not in tuple(m.Kind):
        raise RemoteProtocolError(f"there is no kind of acquisition {kind}")
    return m.Start(beam_number, m.Kind(kind), rate)


_DECODERS: Mapping[int, Callable[[PayloadReader], m.Command]] = {
    0x01: _hello,
    0x02: _start,
    0x03: lambda _: m.Finish(),
}


def encode_welcome(welcome: m.Welcome, sequence: int) -> bytes:
    """WELCOME, in reply to the request ``sequence``."""
    return encode_frame(
        MAGIC,
        0x81,
        sequence,
        _WELCOME.pack(
            welcome.protocol,
            welcome.rows,
            welcome.columns,
            welcome.pitch_um,
            welcome.sid_um,
            welcome.bits,
            welcome.maximum_rate_mhz,
        ),
        encode_string(welcome.manufacturer),
        encode_string(welcome.model_name),
        encode_string(welcome.serial_number),
        encode_string(welcome.software_version),
    )


def encode_ack(sequence: int) -> bytes:
    """ACK."""
    return encode_frame(MAGIC, 0x82, sequence)


def encode_nak(nak: m.Nak, sequence: int) -> bytes:
    """NAK."""
    return encode_frame(MAGIC, 0x83, sequence, _U16.pack(nak.code), encode_string(nak.text))


def encode_finished(frames: int, sequence: int) -> bytes:
    """FINISHED."""
    return encode_frame(MAGIC, 0x84, sequence, _U32.pack(frames))


def encode_portal_frame(frame: m.Frame) -> bytes:
    """FRAME."""
    rows, columns = frame.pixels.shape
    head = _FRAME.pack(
        frame.span.kind,
        frame.span.beam_number,
        frame.span.number,
        frame.span.start_ns,
        frame.span.end_ns,
        frame.span.start_umu,
        frame.span.end_umu,
        frame.cu_per_count,
        frame.saturated,
        rows,
        columns,
    )
    pixels = np.ascontiguousarray(frame.pixels, dtype="<u2").tobytes()
    return encode_frame(MAGIC, 0x85, 0, head, pixels)
