"""From the DICOM patient system (LPS) to the table top, for every Patient Position (0018,5100)."""

from collections.abc import Mapping

from gateway.domain.geometry.rigid import Rigid
from gateway.domain.units import FloatArray, frozen

PATIENT_TO_TABLE: Mapping[str, FloatArray] = {
    "HFS": frozen([[1, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "HFP": frozen([[-1, 0, 0], [0, 0, 1], [0, 1, 0]]),
    "FFS": frozen([[-1, 0, 0], [0, 0, -1], [0, -1, 0]]),
    "FFP": frozen([[1, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "HFDR": frozen([[0, 1, 0], [0, 0, 1], [1, 0, 0]]),
    "HFDL": frozen([[0, -1, 0], [0, 0, 1], [-1, 0, 0]]),
    "FFDR": frozen([[0, -1, 0], [0, 0, -1], [1, 0, 0]]),
    "FFDL": frozen([[0, 1, 0], [0, 0, -1], [-1, 0, 0]]),
}
"""The rotation from patient axes (left, posterior, superior) to table top axes."""


def patient_in_table_top(patient_position: str, isocenter_mm: FloatArray) -> Rigid:
    """The patient as set up: ``isocenter_mm`` (3,) of the plan lies on the table top's origin.

    Raises KeyError for a position that is not one of PATIENT_TO_TABLE.
    """
    rotation = PATIENT_TO_TABLE[patient_position]
    return Rigid(rotation, frozen(-rotation @ isocenter_mm))
