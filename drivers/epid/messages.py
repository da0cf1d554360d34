"""The messages of PFP/1 as data, in the wire's own units.

Metersets are integer millionths of an MU; lengths thousandths of a mm; frame rates thousandths
of a Hz; times nanoseconds of the machine. Attributes stand in wire order.
"""

from dataclasses import dataclass
from enum import IntEnum

from gateway.domain.delivery import FrameKind
from gateway.domain.units import PixelArray

PROTOCOL = 1
MICRO = 1_000_000
MILLI = 1000


class NakCode(IntEnum):
    """Why the imager refuses a request."""

    BAD_STATE = 1
    LIMIT = 2
    BUSY = 6
    UNSUPPORTED = 7


@dataclass(frozen=True, slots=True)
class Hello:
    """Opens the conversation."""

    protocol: int
    client: str


@dataclass(frozen=True, slots=True)
class Start:
    """Begin an acquisition; ``frame_rate`` is 0 for an integrated one."""

    beam_number: int
    kind: FrameKind
    frame_rate: int


@dataclass(frozen=True, slots=True)
class Finish:
    """End the acquisition."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the imager is."""

    protocol: int
    rows: int
    columns: int
    pitch: int
    sid: int
    bits: int
    maximum_frame_rate: int
    manufacturer: str
    model_name: str
    serial_number: str
    software_version: str


@dataclass(frozen=True, slots=True)
class Ack:
    """The request is accepted."""


@dataclass(frozen=True, slots=True)
class Nak:
    """The request is refused."""

    code: NakCode
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The acquisition is over, every frame is sent."""

    frames: int


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One image; ``pixels`` is (rows, columns), read-only."""

    kind: FrameKind
    beam_number: int
    number: int
    start_time_ns: int
    end_time_ns: int
    start_meterset: int
    end_meterset: int
    cu_per_count: float
    saturated: int
    pixels: PixelArray


Request = Hello | Start | Finish
Answer = Welcome | Ack | Nak | Finished
Message = Answer | Frame
