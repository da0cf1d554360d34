"""LCP/1 as the machine speaks it: requests decoded, replies, events and telemetry encoded."""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.errors import RemoteProtocolError
from simulators.linac import messages as m
from simulators.wire.framing import Deframer, Frame, PayloadReader, encode_frame, encode_string

MAGIC = b"LC"
PROTOCOL = 1
MAXIMUM_PAYLOAD = 65_536

AXIS_CODES: Mapping[Axis, int] = {
    Axis.GANTRY: 1,
    Axis.COLLIMATOR: 2,
    Axis.COUCH_ROTATION: 3,
    Axis.COUCH_PITCH: 4,
    Axis.COUCH_ROLL: 5,
    Axis.X1: 9,
    Axis.X2: 10,
    Axis.Y1: 11,
    Axis.Y2: 12,
}
MLC_CODES: Mapping[str, int] = {"MLCX": 1, "MLCY": 2, "MLCX1": 3, "MLCX2": 4}

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_F64 = struct.Struct("<d")
_COUNTS = struct.Struct("<II")
_POINT = struct.Struct("<IqH")
_PROFILE = struct.Struct("<IH")
_PIECE_SIZE = 32
_TOKEN_SIZE = 16
_TELEMETRY = struct.Struct("<QBBHHIqIH")
_EVENT = struct.Struct("<QBH")
_WELCOME = struct.Struct("<HII")
_READ_BACK = struct.Struct("<BHH")
_PROGRAM = struct.Struct("<qqIH")
_COUNTER = struct.Struct("<B16sHqqB")
_S_UNITS = 10_000
_RATE_UNITS = 1000


@dataclass(frozen=True, slots=True)
class Request:
    """A decoded message from the gateway."""

    sequence: int
    message: m.Hello | m.Command


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the machine says it is."""

    protocol: int
    sample_period_us: int
    dead_man_ms: int
    manufacturer: str
    model_name: str
    serial_number: str
    software_version: str
    layout: AxisLayout


class RequestDecoder:
    """Bytes from the gateway into requests. Broken once, it stays broken."""

    def __init__(self) -> None:
        self._deframer = Deframer(MAGIC, MAXIMUM_PAYLOAD)

    def feed(self, data: bytes) -> Iterator[Request]:
        """The requests that ``data`` completes; raises RemoteProtocolError where it is broken."""
        for frame in self._deframer.feed(data):
            yield Request(frame.sequence, _decode(frame))


def _decode(frame: Frame) -> m.Hello | m.Command:
    decoder = _DECODERS.get(frame.type)
    if decoder is None:
        raise RemoteProtocolError(f"there is no message {frame.type:02X}")
    reader = PayloadReader(frame.payload)
    message = decoder(reader, frame.payload)
    reader.end()
    return message


def _hello(reader: PayloadReader, _: bytes) -> m.Hello:
    (protocol,) = reader.take(_U16)
    return m.Hello(protocol, reader.string())


def _load_begin(reader: PayloadReader, raw: bytes) -> m.LoadBegin:
    token = reader.raw(_TOKEN_SIZE)
    (beam_number,) = reader.take(_U16)
    name, mode = reader.string(), reader.string()
    control_points, pieces = reader.take(_COUNTS)
    duration_s = reader.number(_F64)
    (rate,) = reader.take(_U32)
    accessories = reader.strings()
    return m.LoadBegin(
        token, beam_number, name, mode, control_points, pieces, duration_s, rate, accessories, raw
    )


def _load_control_point(reader: PayloadReader, raw: bytes) -> m.LoadControlPoint:
    index, meterset_umu, count = reader.take(_POINT)
    positions = np.frombuffer(reader.raw(4 * count), dtype="<i4").astype(np.int32)
    return m.LoadControlPoint(index, meterset_umu, positions, raw)


def _load_profile(reader: PayloadReader, raw: bytes) -> m.LoadProfile:
    first, count = reader.take(_PROFILE)
    pieces = np.frombuffer(reader.raw(_PIECE_SIZE * count), dtype="<f8").astype(np.float64)
    return m.LoadProfile(first, pieces.reshape(count, 4), raw)


def _ask_counter(reader: PayloadReader, _: bytes) -> m.AskCounter:
    token = reader.raw(_TOKEN_SIZE)
    (beam_number,) = reader.take(_U16)
    return m.AskCounter(token, beam_number)


_DECODERS: Mapping[int, Callable[[PayloadReader, bytes], m.Hello | m.Command]] = {
    0x01: _hello,
    0x02: lambda *_: m.Heartbeat(),
    0x03: _load_begin,
    0x04: _load_control_point,
    0x05: _load_profile,
    0x06: lambda reader, _: m.LoadEnd(*reader.take(_U32)),
    0x07: lambda *_: m.Prepare(),
    0x08: lambda reader, _: m.BeamOn(*reader.take(_U32)),
    0x09: lambda *_: m.Hold(),
    0x0A: lambda *_: m.Resume(),
    0x0B: lambda *_: m.Terminate(),
    0x0C: lambda *_: m.AskReadBack(),
    0x0D: _ask_counter,
    0x0E: lambda *_: m.Unload(),
}


def encode_welcome(welcome: Welcome, sequence: int) -> bytes:
    """WELCOME, in reply to the request ``sequence``."""
    layout = welcome.layout
    return encode_frame(
        MAGIC,
        0x81,
        sequence,
        _WELCOME.pack(welcome.protocol, welcome.sample_period_us, welcome.dead_man_ms),
        encode_string(welcome.manufacturer),
        encode_string(welcome.model_name),
        encode_string(welcome.serial_number),
        encode_string(welcome.software_version),
        bytes([len(layout.scalars), *(AXIS_CODES[axis] for axis in layout.scalars)]),
        bytes([len(layout.mlcs)]),
        *(bytes([MLC_CODES[device]]) + _U16.pack(pairs) for device, pairs in layout.mlcs),
    )


def encode_reply(reply: m.Reply, sequence: int) -> bytes:
    """The reply to the request ``sequence``."""
    match reply:
        case m.Ack():
            return encode_frame(MAGIC, 0x82, sequence)
        case m.Nak(code, text):
            return encode_frame(MAGIC, 0x83, sequence, _U16.pack(code), encode_string(text))
        case m.ReadBack():
            return _encode_read_back(reply, sequence)
        case m.Counter():
            counter = _COUNTER.pack(
                reply.known,
                reply.token,
                reply.beam_number,
                reply.start_umu,
                reply.meterset_umu,
                reply.finished,
            )
            return encode_frame(MAGIC, 0x87, sequence, counter)


def _encode_read_back(reply: m.ReadBack, sequence: int) -> bytes:
    return encode_frame(
        MAGIC,
        0x86,
        sequence,
        _READ_BACK.pack(reply.state, reply.interlocks, reply.beam_number),
        encode_string(reply.mode),
        bytes([len(reply.accessories)]),
        *(encode_string(accessory) for accessory in reply.accessories),
        _PROGRAM.pack(reply.start_umu, reply.end_umu, reply.crc32, reply.positions.size),
        reply.positions.astype("<i4").tobytes(),
    )


def encode_event(event: m.Event, sequence: int) -> bytes:
    """The EVENT that is the connection's number ``sequence``."""
    return encode_frame(
        MAGIC,
        0x85,
        sequence,
        _EVENT.pack(event.time_ns, event.state, event.interlocks),
        encode_string(event.code),
        encode_string(event.text),
    )


def encode_telemetry(sample: m.Sample, sequence: int) -> bytes:
    """The TELEMETRY that is the connection's sample ``sequence``."""
    positions = sample.positions
    head = _TELEMETRY.pack(
        sample.time_ns,
        sample.state,
        0,
        sample.interlocks,
        sample.beam_number,
        round(sample.s * _S_UNITS),
        sample.meterset_umu,
        round(sample.dose_rate_mu_per_min * _RATE_UNITS),
        positions.size,
    )
    return encode_frame(MAGIC, 0x84, sequence, head, positions.astype("<i4", copy=False).tobytes())
