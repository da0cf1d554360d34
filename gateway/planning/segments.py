"""How fast each segment of a path may be travelled, and how its neighbours bind it.

The path parameter s counts rows; within a segment every axis and the meterset are linear in s, so
u = ds/dt scales all speeds of the segment together.
"""

from dataclasses import dataclass

import numpy as np

from gateway.domain.units import BoolArray, FloatArray
from gateway.planning.envelope import Envelope

SHORTEST_SEGMENT_S = 1e-3
"""No segment is passed in less, not even one in which nothing changes."""


@dataclass(frozen=True, slots=True)
class Segments:
    """Limits of ``n`` segments.

    ``speed`` is the highest u, ``acceleration`` the highest ``|du/dt|`` (inf where nothing moves
    that has inertia). ``first`` and ``last`` cap u where a segment starts and ends. ``ratio`` has
    ``n - 1`` values, one for each row between two segments: u after it over u before it, NaN where
    the two are not bound to each other.
    """

    speed: FloatArray
    acceleration: FloatArray
    first: FloatArray
    last: FloatArray
    ratio: FloatArray


def segments(
    positions: FloatArray,
    meterset_mu: FloatArray,
    limits: Envelope,
    dose_rate_mu_per_s: float,
    corner_s: float,
) -> Segments:
    """The limits of the path through ``positions`` ``(n + 1, axes)``.

    With the beam on, rotations have inertia: their speed has no step at a row, or where several of
    them change their course at once, none larger than they make up in ``corner_s`` at full
    acceleration. Leaves and jaws are held to their speed only. A move with the beam off starts and
    ends at rest and is held to every axis' acceleration. Axes that cannot move must not.
    """
    way = np.diff(positions, axis=0)
    dose = np.diff(meterset_mu)
    off = dose <= 0
    mobile = limits.speed > 0
    distance = np.abs(way[:, mobile])
    slowest_s = (distance / limits.speed[mobile]).max(axis=1, initial=SHORTEST_SEGMENT_S)
    speed = 1.0 / np.maximum(slowest_s, dose / dose_rate_mu_per_s)
    inertia = way[:, mobile] / limits.acceleration[mobile]
    inertia[np.ix_(~off, ~limits.turns[mobile])] = 0.0
    heaviest = np.abs(inertia).max(axis=1, initial=0.0)
    with np.errstate(divide="ignore"):
        acceleration = 1.0 / heaviest
    first, last, ratio = _corners(inertia, heaviest, speed, off, corner_s)
    return Segments(speed, acceleration, first, last, ratio)


def _corners(
    inertia: FloatArray, heaviest: FloatArray, speed: FloatArray, off: BoolArray, corner_s: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """``first``, ``last`` and ``ratio`` of :class:`Segments`.

    ``inertia`` is way over acceleration, so a step of speed in units of it is the time in which
    the axis makes it up. Where the courses before and after a row agree, u changes by the ratio
    that keeps the speeds; where they do not, everything with inertia comes to rest.
    """
    before, after = inertia[:-1], inertia[1:]
    agreement = np.einsum("ij,ij->i", before, after)
    bound = (agreement > 0) & ~off[:-1] & ~off[1:]
    norm = np.einsum("ij,ij->i", after, after)
    ratio = np.where(bound, agreement / np.where(bound, norm, 1.0), np.nan)
    step = np.abs(before - np.where(bound, ratio, 0.0)[:, np.newaxis] * after).max(axis=1)
    with np.errstate(divide="ignore"):
        corner = corner_s / step
    moving = heaviest > 0
    first, last = np.where(moving, 0.0, speed), np.where(moving, 0.0, speed)
    first[1:][bound] = np.minimum(speed[1:], corner * ratio)[bound]
    last[:-1][bound] = np.minimum(speed[:-1], corner)[bound]
    return first, last, ratio
