"""What the controller is told and what it says, as data: the meaning of LCP/1 without its bytes.

Metersets named ``_umu`` are integers of 0.000001 MU.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from gateway.domain.units import FloatArray, IntArray
from simulators.linac.states import Interlock, State


class NakCode(IntEnum):
    """Why a request is refused, by its wire code."""

    BAD_STATE = 1
    LIMIT = 2
    BAD_PROGRAM = 3
    UNKNOWN_MODE = 4
    INTERLOCKED = 5
    BUSY = 6
    UNSUPPORTED = 7
    REPEATED = 8


@dataclass(frozen=True, slots=True)
class Hello:
    """Asks for control."""

    protocol: int
    client: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Keeps the dead-man from tripping."""


@dataclass(frozen=True, slots=True)
class LoadBegin:
    """Opens an upload; ``raw`` is the payload as sent, for the program CRC."""

    token: bytes
    beam_number: int
    beam_name: str
    mode: str
    control_points: int
    pieces: int
    duration_s: float
    maximum_dose_rate: int
    accessories: tuple[str, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class LoadControlPoint:
    """Row ``index`` of the program; positions in 0.001 mm or degree."""

    index: int
    meterset_umu: int
    positions: IntArray
    raw: bytes


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """Pieces from ``first`` on: ``(count, 4)`` of time, s, speed, acceleration."""

    first: int
    pieces: FloatArray
    raw: bytes


@dataclass(frozen=True, slots=True)
class LoadEnd:
    """Closes the upload."""

    crc32: int


@dataclass(frozen=True, slots=True)
class Prepare:
    """Asks to move to row 0 and select the mode."""


@dataclass(frozen=True, slots=True)
class BeamOn:
    """Asks for the beam of the program with this CRC."""

    crc32: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Asks to pause."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Asks to go on after a pause."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """Ends the beam for good."""


@dataclass(frozen=True, slots=True)
class AskReadBack:
    """Asks for the verified state."""


@dataclass(frozen=True, slots=True)
class AskCounter:
    """Asks for the dose counter of a beam of a delivery."""

    token: bytes
    beam_number: int


@dataclass(frozen=True, slots=True)
class Unload:
    """Asks to forget the program."""


Command = (
    Heartbeat
    | LoadBegin
    | LoadControlPoint
    | LoadProfile
    | LoadEnd
    | Prepare
    | BeamOn
    | Hold
    | Resume
    | Terminate
    | AskReadBack
    | AskCounter
    | Unload
)


@dataclass(frozen=True, slots=True)
class Ack:
    """Done, or begun."""


@dataclass(frozen=True, slots=True)
class Nak:
    """Refused, and why."""

    code: NakCode
    text: str


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What the controller has loaded and where it stands; positions as measured."""

    state: State
    interlocks: Interlock
    beam_number: int
    mode: str
    accessories: tuple[str, ...]
    start_umu: int
    end_umu: int
    crc32: int
    positions: IntArray


@dataclass(frozen=True, slots=True)
class Counter:
    """The dose counter of a beam; ``known`` is false when that beam was never loaded."""

    known: bool
    token: bytes
    beam_number: int
    start_umu: int
    meterset_umu: int
    finished: bool


Reply = Ack | Nak | ReadBack | Counter


@dataclass(frozen=True, slots=True)
class Event:
    """A change of state."""

    time_ns: int
    state: State
    interlocks: Interlock
    code: str
    text: str


@dataclass(slots=True)
class Sample:
    """One control cycle.

    ``positions`` are the encoders' readings (int32, 0.001 mm or degree), ``actual`` where the axes
    really stand (mm or degree), both in the machine's layout. ``dose_mu`` was given in the cycle.
    """

    time_ns: int
    state: State
    interlocks: Interlock
    beam_number: int
    s: float
    meterset_umu: int
    dose_rate_mu_per_min: float
    positions: npt.NDArray[np.int32]
    actual: FloatArray
    dose_mu: float
