"""What went wrong, by name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """What went wrong, named as the fault that does it. What does not apply is None.

    ``control_point`` is 0-based as in DICOM; ``leaf`` counts pairs from 1; ``frame`` from 1.
    ``error`` is signed, delivered minus planned, in ``unit``. ``device`` is whose link it was.
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
    device: str | None = None
