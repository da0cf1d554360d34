"""Dose in a patient or phantom."""

from dataclasses import dataclass

from gateway.domain.grids import RegularGrid


@dataclass(frozen=True, slots=True)
class DoseDistribution:
    """A dose grid of axes (z, y, x) in the patient's coordinates (PS3.3 C.7.6.2.1.1), mm.

    ``unit`` is GY or RELATIVE, ``kind`` PHYSICAL, EFFECTIVE or ERROR, as DICOM has them.
    ``frame_of_reference_uid`` says whose coordinates they are; empty where nothing says it.
    """

    grid: RegularGrid
    unit: str
    kind: str
    frame_of_reference_uid: str
