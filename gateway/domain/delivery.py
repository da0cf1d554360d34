"""What comes back from a room while a beam is delivered, and what is kept of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag, StrEnum

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.units import IntArray, PixelArray


class MachineState(IntEnum):
    """The linac controller's own state, as it reports it."""

    IDLE = 0
    LOADED = 1
    PREPARING = 2
    PREPARED = 3
    BEAM_ON = 4
    HELD = 5
    COMPLETE = 6
    TERMINATED = 7
    FAULT = 8


class Interlock(IntFlag):
    """Why the machine may not beam now."""

    NONE = 0
    DOOR = 1
    EMERGENCY_STOP = 2
    POSITION = 4
    DEAD_MAN = 8
    DOSE_RATE = 16
    METERSET = 32
    MODE = 64
    OPERATOR_HOLD = 128
    HARDWARE = 256


@dataclass(frozen=True, slots=True)
class MachineSample:
    """One telemetry sample of the linac controller.

    ``positions`` are int32 thousandths of mm or degree in the machine's layout.
    ``program_s`` is the path position in the loaded program (its own control points).
    ``meterset_mu`` is the plan beam's cumulative meterset by the machine's dose counter.
    """

    sequence: int
    machine_time_ns: int
    received_ns: int
    state: MachineState
    interlocks: Interlock
    beam_number: int
    program_s: float
    meterset_mu: float
    dose_rate_mu_per_min: float
    positions: IntArray


@dataclass(frozen=True, slots=True)
class MachineEvent:
    """A change of state the machine reports of itself."""

    machine_time_ns: int
    state: MachineState
    interlocks: Interlock
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class MachineIdentity:
    """What the linac controller says it is, and how its samples are laid out."""

    manufacturer: str
    model_name: str
    serial_number: str
    software_version: str
    sample_period_s: float
    dead_man_s: float
    layout: AxisLayout


@dataclass(frozen=True, slots=True)
class ReadBack:
    """The machine's verified state before a beam: its own reading, never our echo."""

    state: MachineState
    interlocks: Interlock
    beam_number: int
    mode: str
    accessories: tuple[str, ...]
    start_meterset_mu: float
    end_meterset_mu: float
    program_crc32: int
    positions: IntArray


@dataclass(frozen=True, slots=True)
class CounterReading:
    """The machine's own dose counter for one beam of one delivery.

    ``meterset_mu`` is the plan beam's cumulative meterset, ``start_meterset_mu`` where the
    program began. None in place of a reading means that the machine never loaded that beam.
    """

    delivery_token: bytes
    beam_number: int
    start_meterset_mu: float
    meterset_mu: float
    finished: bool


@dataclass(frozen=True, slots=True)
class CouchSample:
    """Couch translations (mm, IEC 61217), stamped on receipt."""

    received_ns: int
    positions_mm: Mapping[Axis, float]
    moving: bool


class FrameKind(IntEnum):
    """Whether a frame is a beam's integral or one of a cine run."""

    INTEGRATED = 0
    CINE = 1


@dataclass(frozen=True, slots=True)
class PortalFrame:
    """One corrected frame of the portal imager; ``pixels`` is (rows, columns) uint16.

    CU = ``pixels * cu_per_count``. ``number`` counts from 1 per acquisition. Metersets are the
    plan beam's cumulative meterset at start and end of the frame. ``saturated`` counts pixels at
    the top of the range.
    """

    kind: FrameKind
    beam_number: int
    number: int
    start_time_ns: int
    end_time_ns: int
    start_meterset_mu: float
    end_meterset_mu: float
    cu_per_count: float
    saturated: int
    pixels: PixelArray


@dataclass(frozen=True, slots=True)
class PanelIdentity:
    """What the portal imager says it is; geometry as the machine believes it."""

    manufacturer: str
    model_name: str
    serial_number: str
    software_version: str
    rows: int
    columns: int
    pitch_mm: float
    sid_mm: float
    bits: int


class TerminationStatus(StrEnum):
    """Treatment Termination Status (3008,002A)."""

    NORMAL = "NORMAL"
    OPERATOR = "OPERATOR"
    MACHINE = "MACHINE"
    UNKNOWN = "UNKNOWN"


class DeliveryOutcome(StrEnum):
    """How a delivery stands in the record."""

    RUNNING = "running"
    COMPLETE = "complete"
    TERMINATED = "terminated"
    UNRESOLVED = "unresolved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class BeamDelivery:
    """One beam as delivered in one session.

    ``start_meterset_mu`` is where this session began (above 0 for a continuation),
    ``end_meterset_mu`` the machine's counter at its end; None while it is not known.
    ``lost_samples`` counts gaps in the telemetry's sequence.
    ``started_ns``/``ended_ns`` are wall-clock nanoseconds since the epoch.
    """

    beam_number: int
    beam_name: str
    planned_mu: float
    start_meterset_mu: float
    end_meterset_mu: float | None
    termination_status: TerminationStatus
    termination_reason: str
    interlocks: tuple[str, ...]
    samples: int
    lost_samples: int
    started_ns: int
    ended_ns: int
