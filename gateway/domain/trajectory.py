"""Planned and delivered motion in one form, so that reconciliation is subtraction."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.domain.axes import Axis
from gateway.domain.units import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One beam, from whatever source, as columns of equal length ``n``; time ascends.

    ``meterset_mu`` is the plan beam's cumulative meterset (a continuation starts above 0).
    ``control_point`` is the 0-based plan control point as a float (2.5: half way from 2 to 3).
    ``axes`` has rotations continuous; ``leaves`` is ``(n, 2 * pairs)`` per MLC, DICOM order.
    ``beam_on`` is true where the beam was on and not held, ``held`` where the machine held it.
    Arrays are read-only.
    """

    beam_number: int
    source: str
    time_s: FloatArray
    meterset_mu: FloatArray
    control_point: FloatArray
    axes: Mapping[Axis, FloatArray]
    leaves: Mapping[str, FloatArray]
    beam_on: BoolArray
    held: BoolArray
