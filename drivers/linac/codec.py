"""LCP/1 bytes <-> messages. No I/O, no clock, no state of the conversation."""

import struct
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

from drivers.fields import (
    I64,
    REAL,
    TEXT,
    U8,
    U16,
    U32,
    U64,
    Array,
    Coded,
    Counted,
    Cursor,
    Fixed,
    Payload,
    meaning,
)
from drivers.framing import FrameFormat, encode_frame, frame_taker
from drivers.incremental import IncrementalDecoder
from drivers.linac import messages as m
from gateway.domain.axes import Axis
from gateway.domain.delivery import Interlock, MachineState
from gateway.domain.errors import RemoteProtocolError

R = TypeVar("R")

FORMAT = FrameFormat(b"LC", 1, 65_536)

AXES: Mapping[int, Axis] = {
    1: Axis.GANTRY,
    2: Axis.COLLIMATOR,
    3: Axis.COUCH_ROTATION,
    4: Axis.COUCH_PITCH,
    5: Axis.COUCH_ROLL,
    9: Axis.X1,
    10: Axis.X2,
    11: Axis.Y1,
    12: Axis.Y2,
}
MLCS: Mapping[int, str] = {1: "MLCX", 2: "MLCY", 3: "MLCX1", 4: "MLCX2"}
STATES: Mapping[int, MachineState] = {state.value: state for state in MachineState}
INTERLOCKS: Mapping[int, Interlock] = {
    mask: Interlock(mask) for mask in range(2 * max(Interlock).value)
}

_TOKEN = Fixed(16)
_TEXTS = Counted(U8, TEXT)
_STATE = Coded(U8, STATES)
_INTERLOCKS = Coded(U16, INTERLOCKS)
_NAK_CODE = Coded(U16, {code.value: code for code in m.NakCode})
_FLAG = Coded(U8, {0: False, 1: True})
_POSITIONS: Array[np.int32] = Array("<i4")
_PIECES: Array[np.float64] = Array("<f8", columns=4)


class _MlcField:
    """A u8 MLC code and its u16 number of pairs."""

    _code = Coded(U8, MLCS)

    def read(self, cursor: Cursor) -> m.Mlc:
        return m.Mlc(self._code.read(cursor), U16.read(cursor))

    def write(self, value: m.Mlc) -> bytes:
        return self._code.write(value.device) + U16.write(value.pairs)


_WELCOME = Payload(
    0x81,
    m.Welcome,
    (U16, U32, U32, *(TEXT,) * 4, Counted(U8, Coded(U8, AXES)), Counted(U8, _MlcField())),
)
_READ_BACK = Payload(
    0x86,
    m.ReadBackReply,
    (_STATE, _INTERLOCKS, U16, TEXT, _TEXTS, I64, I64, U32, _POSITIONS),
)
_LOAD_BEGIN = Payload(0x03, m.LoadBegin, (_TOKEN, U16, TEXT, TEXT, U32, U32, REAL, U32, _TEXTS))

REQUESTS: Mapping[type, Payload[m.Request]] = {
    m.Hello: Payload(0x01, m.Hello, (U16, TEXT)),
    m.Heartbeat: Payload(0x02, m.Heartbeat),
    m.LoadBegin: _LOAD_BEGIN,
    m.LoadControlPoint: Payload(0x04, m.LoadControlPoint, (U32, I64, _POSITIONS)),
    m.LoadProfile: Payload(0x05, m.LoadProfile, (U32, _PIECES)),
    m.LoadEnd: Payload(0x06, m.LoadEnd, (U32,)),
    m.Prepare: Payload(0x07, m.Prepare),
    m.BeamOn: Payload(0x08, m.BeamOn, (U32,)),
    m.Hold: Payload(0x09, m.Hold),
    m.Resume: Payload(0x0A, m.Resume),
    m.Terminate: Payload(0x0B, m.Terminate),
    m.AskReadBack: Payload(0x0C, m.AskReadBack),
    m.ReadCounter: Payload(0x0D, m.ReadCounter, (_TOKEN, U16)),
    m.Unload: Payload(0x0E, m.Unload),
}
ANSWERS: Mapping[type, Payload[m.Answer | m.Event]] = {
    m.Welcome: _WELCOME,
    m.Ack: Payload(0x82, m.Ack),
    m.Nak: Payload(0x83, m.Nak, (_NAK_CODE, TEXT)),
    m.Event: Payload(0x85, m.Event, (U64, _STATE, _INTERLOCKS, TEXT, TEXT)),
    m.ReadBackReply: _READ_BACK,
    m.Counter: Payload(0x87, m.Counter, (_FLAG, _TOKEN, U16, I64, I64, _FLAG)),
}

_TELEMETRY = 0x84
_SAMPLE = struct.Struct("<QBBHHIqIH")
_INT32 = np.dtype("<i4")


def encode_payload(request: m.Request) -> bytes:
    """The payload of a request: what the program CRC is computed over.

    Raises LocalProtocolError for a value that does not fit its field.
    """
    return REQUESTS[type(request)].encode(request)


def frame(number: int, request: type, payload: bytes) -> bytes:
    """The frame of a request whose payload is encoded."""
    return encode_frame(FORMAT, REQUESTS[request].kind, number, payload)


def answer_decoder(accept: Callable[[int, m.Message], R]) -> IncrementalDecoder[R]:
    """A decoder of what machines send, for one connection."""
    decoders: dict[int, Callable[[bytes | memoryview], m.Message]] = {
        layout.kind: layout.decode for layout in ANSWERS.values()
    }
    decoders[_TELEMETRY] = _decode_telemetry
    return IncrementalDecoder(frame_taker(FORMAT, decoders, accept))


def _decode_telemetry(payload: bytes | memoryview) -> m.Telemetry:
    """One unpack and one view: telemetry is most of what arrives."""
    if len(payload) < _SAMPLE.size:
        raise RemoteProtocolError(f"TELEMETRY of {len(payload)} bytes, at least {_SAMPLE.size}")
    time_ns, state, zero, interlocks, beam, s, meterset, rate, count = _SAMPLE.unpack_from(payload)
    if zero or len(payload) != _SAMPLE.size + 4 * count:
        raise RemoteProtocolError(
            f"TELEMETRY of {len(payload)} bytes for {count} positions, reserved byte {zero}"
        )
    positions = np.frombuffer(payload, _INT32, count, _SAMPLE.size)
    return m.Telemetry(
        time_ns,
        meaning(STATES, state),
        meaning(INTERLOCKS, interlocks),
        beam,
        s,
        meterset,
        rate,
        positions,
    )
