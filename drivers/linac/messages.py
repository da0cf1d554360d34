"""The messages of LCP/1 as data, in the wire's own units.

Positions are int32 thousandths of mm or degree, metersets are integer millionths of an MU,
dose rates integer thousandths of an MU/min. Attributes stand in wire order.
"""

from dataclasses import dataclass
from enum import IntEnum

from gateway.domain.axes import Axis
from gateway.domain.delivery import Interlock, MachineState
from gateway.domain.units import FloatArray, IntArray

PROTOCOL = 1
MICRO = 1_000_000
MILLI = 1000
S_STEPS = 10_000


class NakCode(IntEnum):
    """Why the machine refuses a request."""

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
    """Opens the conversation."""

    protocol: int
    client: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Keeps the dead-man from tripping; never answered."""


@dataclass(frozen=True, slots=True)
class LoadBegin:
    """The head of a program. ``duration_s`` is the profile's, ``rows`` its control points."""

    token: bytes
    beam_number: int
    beam_name: str
    mode: str
    rows: int
    pieces: int
    duration_s: float
    maximum_dose_rate: int
    accessories: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class LoadControlPoint:
    """One row of the program; ``positions`` in the machine's layout."""

    index: int
    meterset: int
    positions: IntArray


@dataclass(frozen=True, eq=False, slots=True)
class LoadProfile:
    """Pieces of s(t) from ``index`` on: rows of time (s), s, speed (1/s), acceleration (1/s2)."""

    index: int
    pieces: FloatArray


@dataclass(frozen=True, slots=True)
class LoadEnd:
    """The end of a program with its CRC-32."""

    program_crc32: int


@dataclass(frozen=True, slots=True)
class Prepare:
    """Move to row 0 and select the mode."""


@dataclass(frozen=True, slots=True)
class BeamOn:
    """Start the program of this CRC-32."""

    program_crc32: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Pause."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Continue a held beam."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """End the beam for good."""


@dataclass(frozen=True, slots=True)
class AskReadBack:
    """Ask for the verified state (READ_BACK from the gateway)."""


@dataclass(frozen=True, slots=True)
class ReadCounter:
    """Ask for the dose counter of one beam of one delivery."""

    token: bytes
    beam_number: int


@dataclass(frozen=True, slots=True)
class Unload:
    """Forget the program."""


@dataclass(frozen=True, slots=True)
class Mlc:
    """An MLC that the machine announces."""

    device: str
    pairs: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """The machine's identity and layout. ``sample_period`` in microseconds, ``dead_man`` in ms."""

    protocol: int
    sample_period: int
    dead_man: int
    manufacturer: str
    model_name: str
    serial_number: str
    software_version: str
    axes: tuple[Axis, ...]
    mlcs: tuple[Mlc, ...]


@dataclass(frozen=True, slots=True)
class Ack:
    """The request is accepted."""


@dataclass(frozen=True, slots=True)
class Nak:
    """The request is refused."""

    code: NakCode
    text: str


@dataclass(frozen=True, eq=False, slots=True)
class Telemetry:
    """One sample. ``program_s`` counts steps of 1/10,000 control point."""

    machine_time_ns: int
    state: MachineState
    interlocks: Interlock
    beam_number: int
    program_s: int
    meterset: int
    dose_rate: int
    positions: IntArray


@dataclass(frozen=True, slots=True)
class Event:
    """A change of state."""

    machine_time_ns: int
    state: MachineState
    interlocks: Interlock
    code: str
    text: str


@dataclass(frozen=True, eq=False, slots=True)
class ReadBackReply:
    """The verified state (READ_BACK from the machine)."""

    state: MachineState
    interlocks: Interlock
    beam_number: int
    mode: str
    accessories: tuple[str, ...]
    start_meterset: int
    end_meterset: int
    program_crc32: int
    positions: IntArray


@dataclass(frozen=True, slots=True)
class Counter:
    """The machine's own dose counter for one beam of one delivery."""

    known: bool
    token: bytes
    beam_number: int
    start_meterset: int
    meterset: int
    finished: bool


Request = (
    Hello
    | Heartbeat
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
    | ReadCounter
    | Unload
)
Answer = Welcome | Ack | Nak | ReadBackReply | Counter
Message = Answer | Telemetry | Event
