"""The result of comparing delivered with planned."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


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
class Tolerances:
    """Tolerances by quantity: an axis name, ``leaf``, ``meterset``, ``dose_rate``, ..."""

    name: str
    quantities: Mapping[str, Tolerance]


@dataclass(frozen=True, slots=True)
class Cause:
    """What went wrong, named as the fault that does it. What does not apply is None.

    ``control_point`` is 0-based as in DICOM; ``leaf`` counts pairs from 1; ``frame`` from 1.
    ``error`` is signed, delivered minus planned, in ``unit``.
    """

    cause: str
    beam: int | None = None
    axis: str | None = None
    bank: str | None = None
    leaf: int | None = None
    frame: int | None = None
    control_point: int | None = None
    error: float | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class ErrorStatistics:
    """Errors of one axis (the worst leaf for an MLC) over one beam.

    ``rms`` is weighted by meterset, ``rms_time`` by time without held samples.
    """

    maximum: float
    rms: float
    rms_time: float
    p95: float
    unit: str
