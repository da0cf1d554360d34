"""What was measured in a portal image: mm at the isocentre plane, IEC 61217, from the image alone.

Positions are relative to the beam's axis as the image's geometry places it. Every value has a
standard uncertainty (one sigma).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.domain.axes import Axis
from gateway.domain.units import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Measured:
    """A value and its standard uncertainty, in one unit."""

    value: float
    u: float


@dataclass(frozen=True, slots=True)
class MeasuredField:
    """The outline of a field.

    ``collimator_deg`` is known but for what the edges cannot tell: half turns, and quarter turns
    where nothing was stated. ``edges_mm`` has the sides that are straight, in the beam limiting
    device's system, by the jaw axis that they bound; ``centre_mm`` is the middle of four straight
    sides in the gantry system, None where one is missing.
    """

    collimator_deg: Measured
    edges_mm: Mapping[Axis, Measured]
    centre_mm: tuple[Measured, Measured] | None


@dataclass(frozen=True, slots=True)
class MeasuredLeaves:
    """The tips of the leaf pairs that are seen open.

    ``device`` is the MLC, ``pairs`` (n,) are leaf numbers from 1. ``low_mm`` and ``high_mm`` (n,)
    are the positions of the negative and the positive bank, calibrated by the forward model;
    ``low_u`` and ``high_u`` their uncertainties. ``offset_mm`` is the mean of what was taken off
    the half-height edge (outwards positive).
    """

    device: str
    collimator_deg: Measured
    pairs: IntArray
    low_mm: FloatArray
    high_mm: FloatArray
    low_u: FloatArray
    high_u: FloatArray
    offset_mm: float


@dataclass(frozen=True, slots=True)
class MeasuredPicketFence:
    """The gaps of every leaf pair in a row of pickets.

    Arrays are (pairs, pickets), pickets ascending along the travel; NaN where a pair shows no
    gap. ``low_mm`` and ``high_mm`` are half-height edges, or tips where they are ``calibrated`` by
    the forward model; ``centre_mm`` is their middle, ``centre_u`` its uncertainty. Errors are
    distances from the straight line that fits a picket's centres or edges. ``picket_mm``
    (pickets,) is where the centres' line crosses the axis, ``picket_u`` its uncertainty.
    """

    device: str
    collimator_deg: Measured
    pairs: IntArray
    picket_mm: FloatArray
    picket_u: FloatArray
    low_mm: FloatArray
    high_mm: FloatArray
    centre_mm: FloatArray
    centre_u: FloatArray
    centre_error_mm: FloatArray
    low_error_mm: FloatArray
    high_error_mm: FloatArray
    calibrated: bool = False


@dataclass(frozen=True, slots=True)
class MeasuredBall:
    """A ball bearing's shadow: its centre in the gantry system and its diameter."""

    x_mm: Measured
    y_mm: Measured
    diameter_mm: float
    contrast: float
