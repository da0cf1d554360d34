"""The result of comparing delivered with planned."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.axes import Axis
from gateway.domain.cause import Cause as Cause  # noqa: PLC0414
from gateway.domain.gamma import GammaCriteria
from gateway.domain.units import FloatArray, IntArray
from gateway.domain.witnesses import WitnessMatrix


class Verdict(StrEnum):
    """Whether what was delivered is what was planned."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A limit with its origin: maximum, RMS and 95th percentile of |error|; None: not judged."""

    maximum: float | None
    rms: float | None
    p95: float | None
    unit: str
    origin: str


@dataclass(frozen=True, slots=True)
class GammaTolerance:
    """Shares of points that have to pass ``criteria``: tolerance and action limit, percent."""

    criteria: GammaCriteria
    tolerance_percent: float
    action_percent: float
    origin: str


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Tolerances by quantity: an axis name, ``leaf``, ``meterset``, ``dose_rate``, ...

    ``gamma`` is that of distributions; None: they are not judged.
    """

    name: str
    quantities: Mapping[str, Tolerance]
    gamma: GammaTolerance | None = None


@dataclass(frozen=True, slots=True)
class ErrorStatistics:
    """Absolute errors of one axis over one beam; for an MLC each is that of its worst leaf.

    ``rms`` is weighted by meterset, ``rms_time`` by time without held samples; 95 % of the
    meterset was delivered with an error of at most ``p95``.
    """

    maximum: float
    rms: float
    rms_time: float
    p95: float
    unit: str


@dataclass(frozen=True, slots=True)
class LeafStatistics:
    """:class:`ErrorStatistics` leaf by leaf, mm: arrays of ``2 * pairs`` in DICOM order."""

    maximum: FloatArray
    rms: FloatArray
    rms_time: FloatArray
    p95: FloatArray


@dataclass(frozen=True, slots=True)
class MetersetComparison:
    """Meterset at the end of the session, cumulative in the plan's beam.

    ``delivered_mu`` is the machine's counter, or the last telemetry where that is not known
    (``certain`` is then false). ``error_pulses`` is delivered minus planned in dose pulses;
    ``worst_mu`` the largest difference, signed, from the meterset planned at the same place of the
    path.
    """

    planned_mu: float
    delivered_mu: float
    certain: bool
    error_pulses: float
    worst_mu: float


@dataclass(frozen=True, slots=True)
class DoseRateComparison:
    """Mean dose rates over the same path, holds excluded, MU/min.

    ``error`` is delivered over planned minus 1; ``resolution`` is how much of it sampling and
    pulses can make by themselves.
    """

    planned_mu_per_min: float
    delivered_mu_per_min: float
    error: float
    resolution: float


@dataclass(frozen=True, slots=True)
class LeafSpeedLoss:
    """The largest loss of leaf speed (planned minus delivered, mm/s) and where it was."""

    maximum: float
    bank: str
    leaf: int
    control_point: int


@dataclass(frozen=True, slots=True)
class HoldStatistics:
    """How often and how long the machine held the beam, and the interlocks that stood then."""

    count: int
    time_s: float
    interlocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TelemetryStatistics:
    """How whole the telemetry is. ``longest_gap_s`` is between two samples, machine time."""

    samples: int
    lost: int
    longest_gap_s: float


@dataclass(frozen=True, slots=True)
class ErrorCurves:
    """Delivered minus planned over delivered meterset, one column a distinct meterset.

    ``axes`` maps an axis to its ``(n,)`` errors, ``leaves`` an MLC to ``(2 * pairs, n)``.
    """

    meterset_mu: FloatArray
    control_point: FloatArray
    axes: Mapping[str, FloatArray]
    leaves: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class LeafErrorMatrix:
    """The worst error of each leaf near each plan control point, signed, mm.

    ``errors`` is ``(2 * pairs, control_points.size)``; NaN where the beam never came.
    """

    control_points: IntArray
    errors: FloatArray


@dataclass(frozen=True, slots=True)
class Aperture:
    """Where the machine stands: ``axes`` in mm or degree, ``leaves`` of ``2 * pairs`` per MLC."""

    axes: Mapping[Axis, float]
    leaves: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class WorstPoint:
    """The moment at which some axis was farthest from plan, measured in its tolerance.

    ``bank`` and ``leaf`` are None for a scalar axis; ``error`` is signed, in ``unit``.
    """

    control_point: int
    meterset_mu: float
    axis: str
    bank: str | None
    leaf: int | None
    error: float
    unit: str
    planned: Aperture
    delivered: Aperture


@dataclass(frozen=True, slots=True)
class MotionComparison:
    """Everything that is compared sample by sample; absent for a beam that was never on.

    ``errors`` is by axis name (``gantry``, ``X1``, ``MLCX``, ...), ``leaves``, ``matrices``,
    ``gaps`` (the opening of the worst pair) and ``speed_losses`` by MLC.
    """

    errors: Mapping[str, ErrorStatistics]
    leaves: Mapping[str, LeafStatistics]
    gaps: Mapping[str, ErrorStatistics]
    speed_losses: Mapping[str, LeafSpeedLoss]
    dose_rate: DoseRateComparison
    holds: HoldStatistics
    telemetry: TelemetryStatistics
    curves: ErrorCurves
    matrices: Mapping[str, LeafErrorMatrix]
    worst: WorstPoint


@dataclass(frozen=True, slots=True)
class PairReconciliation:
    """Two witnesses of one beam against each other; errors are the second minus the first.

    ``witnesses`` are two of ``plan``, ``telemetry`` and ``log``. ``errors`` is by axis name.
    ``covered_leaves`` were not judged: the jaws covered them whenever dose was delivered.
    ``causes`` are ranked. ``meterset`` is None where the log tells shares only.
    """

    witnesses: tuple[str, str]
    beam_number: int
    beam_name: str
    verdict: Verdict
    exceeded: tuple[str, ...]
    errors: Mapping[str, ErrorStatistics]
    meterset: MetersetComparison | None
    covered_leaves: int
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class BeamReconciliation:
    """One beam, judged. ``exceeded`` names what is out of tolerance, worst first.

    ``complete``: ended normally with the planned meterset to within one pulse. ``witnesses``:
    plan, log and portal image side by side; None where there is no image of the beam. ``pairs``:
    the machine's own log against plan and against telemetry; none where it left no log.
    """

    beam_number: int
    beam_name: str
    verdict: Verdict
    complete: bool
    exceeded: tuple[str, ...]
    meterset: MetersetComparison
    motion: MotionComparison | None
    witnesses: WitnessMatrix | None = None
    pairs: tuple[PairReconciliation, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The answer for one delivery. ``causes`` are ranked, the largest consequence first."""

    verdict: Verdict
    causes: tuple[Cause, ...]
    beams: tuple[BeamReconciliation, ...]
    tolerances: Tolerances
