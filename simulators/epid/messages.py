"""What the imager is told and what it says, as data: the meaning of PFP/1 without its bytes.

Metersets named ``_umu`` are integers of 0.000001 MU.
"""

from dataclasses import dataclass
from enum import IntEnum

from gateway.domain.units import FloatArray, PixelArray


class Kind(IntEnum):
    """A beam's integral, or one frame of a cine run; by its wire code."""

    INTEGRATED = 0
    CINE = 1


class NakCode(IntEnum):
    """Why a request is refused, by its wire code."""

    BAD_STATE = 1
    LIMIT = 2
    BUSY = 6
    UNSUPPORTED = 7


@dataclass(frozen=True, slots=True)
class Hello:
    """Asks for control."""

    protocol: int
    client: str


@dataclass(frozen=True, slots=True)
class Start:
    """Begins an acquisition; the frame rate in 0.001 Hz."""

    beam_number: int
    kind: Kind
    rate_mhz: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Ends it."""


Command = Hello | Start | Finish


@dataclass(frozen=True, slots=True)
class Nak:
    """Refused, and why."""

    code: NakCode
    text: str


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the imager says it is; lengths in 0.001 mm, the frame rate in 0.001 Hz."""

    protocol: int
    rows: int
    columns: int
    pitch_um: int
    sid_um: int
    bits: int
    maximum_rate_mhz: int
    manufacturer: str
    model_name: str
    serial_number: str
    software_version: str


@dataclass(frozen=True, slots=True)
class Span:
    """When and over which meterset a frame was taken; ``period_ns`` is 0 unless it is cine."""

    kind: Kind
    beam_number: int
    number: int
    start_ns: int
    end_ns: int
    start_umu: int
    end_umu: int
    period_ns: int = 0


@dataclass(frozen=True, slots=True)
class Exposure:
    """What fell on the panel: ``positions`` ``(k, axes)`` mm or degree, ``meterset_mu`` ``(k,)``.

    ``closes`` is the frame that it is the last part of, None while the frame goes on. ``mode``
    names the beam mode, ``aside_mm`` how far the panel stands from where it believes to be.
    """

    positions: FloatArray
    meterset_mu: FloatArray
    closes: Span | None
    mode: str | None = None
    aside_mm: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Frame:
    """A corrected frame, ``pixels`` ``(rows, columns)``; CU = pixels * cu_per_count."""

    span: Span
    cu_per_count: float
    saturated: int
    pixels: PixelArray
