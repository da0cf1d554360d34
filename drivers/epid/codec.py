"""PFP/1 bytes <-> messages. No I/O, no clock, no state of the conversation."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

from drivers.epid import messages as m
from drivers.fields import I64, REAL, TEXT, U8, U16, U32, U64, Coded, Cursor, Payload
from drivers.framing import FrameFormat, encode_frame, frame_taker
from drivers.incremental import IncrementalDecoder
from gateway.domain.delivery import FrameKind
from gateway.domain.units import PixelArray

R = TypeVar("R")

FORMAT = FrameFormat(b"PF", 1, 16_777_216)

_KIND = Coded(U8, {kind.value: kind for kind in FrameKind})
_NAK_CODE = Coded(U16, {code.value: code for code in m.NakCode})


class _Image:
    """u16 rows, u16 columns and the u16 pixels, row by row."""

    def read(self, cursor: Cursor) -> PixelArray:
        rows, columns = U16.read(cursor), U16.read(cursor)
        pixels = np.frombuffer(cursor.view(2 * rows * columns), np.dtype("<u2"))
        return pixels.reshape(rows, columns)

    def write(self, value: PixelArray) -> bytes:
        rows, columns = value.shape
        return U16.write(rows) + U16.write(columns) + value.astype("<u2").tobytes()


REQUESTS: Mapping[type, Payload[m.Request]] = {
    m.Hello: Payload(0x01, m.Hello, (U16, TEXT)),
    m.Start: Payload(0x02, m.Start, (U16, _KIND, U32)),
    m.Finish: Payload(0x03, m.Finish),
}
ANSWERS: Mapping[type, Payload[m.Message]] = {
    m.Welcome: Payload(0x81, m.Welcome, (U16, U16, U16, U32, U32, U8, U32, *(TEXT,) * 4)),
    m.Ack: Payload(0x82, m.Ack),
    m.Nak: Payload(0x83, m.Nak, (_NAK_CODE, TEXT)),
    m.Finished: Payload(0x84, m.Finished, (U32,)),
    m.Frame: Payload(0x85, m.Frame, (_KIND, U16, U32, U64, U64, I64, I64, REAL, U32, _Image())),
}


def encode_payload(request: m.Request) -> bytes:
    """The payload of a request. Raises LocalProtocolError for a value that does not fit."""
    return REQUESTS[type(request)].encode(request)


def frame(number: int, request: type, payload: bytes) -> bytes:
    """The frame of a request whose payload is encoded."""
    return encode_frame(FORMAT, REQUESTS[request].kind, number, payload)


def answer_decoder(accept: Callable[[int, m.Message], R]) -> IncrementalDecoder[R]:
    """A decoder of what imagers send, for one connection."""
    decoders = {layout.kind: layout.decode for layout in ANSWERS.values()}
    return IncrementalDecoder(frame_taker(FORMAT, decoders, accept))
