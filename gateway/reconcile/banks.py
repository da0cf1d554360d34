"""Faults that whole banks of leaves share."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.units import BoolArray, FloatArray
from gateway.reconcile.signature import STEADY, spread

COMMON = 0.8
"""A bank fault is one that at least this share of the bank's leaves has."""
SAME = 0.3
"""Leaves have the same error when they differ by less than this share of it."""
NOISE_MM = 0.15
"""Three standard deviations of leaf position noise (0.05 mm)."""


@dataclass(frozen=True, slots=True)
class LeafBlock:
    """The leaves of one MLC through ``n`` samples, to be attributed.

    ``actual`` and ``expected`` are ``(2 * pairs, n)``, DICOM order; ``place`` is the plan's
    control point of each sample; ``plan`` ``(2 * pairs, k)`` the planned positions at ``knots``.
    ``limit`` is the largest error allowed, mm.
    """

    beam_number: int
    device: str
    actual: FloatArray
    expected: FloatArray
    place: FloatArray
    knots: FloatArray
    plan: FloatArray
    limit: float

    @property
    def pairs(self) -> int:
        """Number of leaf pairs."""
        return len(self.actual) // 2

    @property
    def error(self) -> FloatArray:
        """Delivered minus planned, ``(2 * pairs, n)``."""
        error: FloatArray = self.actual - self.expected
        return error


def banks_are_swapped(block: LeafBlock) -> bool:
    """Whether each bank stands where the plan has the other: mirrored, or as it is.

    Judged where anything is out; a swap must explain at least three quarters of it.
    """
    beyond = (np.abs(block.error) > block.limit).any(axis=0)
    if not beyond.any():
        return False
    actual, expected = block.actual[:, beyond], block.expected[:, beyond]
    exchanged = np.roll(expected, block.pairs, axis=0)
    unexplained = _rms(actual - expected)
    return min(_rms(actual + exchanged), _rms(actual - exchanged)) < unexplained / 4


def bank_shift(block: LeafBlock, rows: slice) -> FloatArray | None:
    """The error that the leaves of a bank have in common, per sample; None if they have none."""
    error = block.error[rows]
    common: FloatArray = np.median(error, axis=0)
    worst = abs(float(common[np.argmax(np.abs(common))]))
    if worst < block.limit / 2:
        return None
    full = np.abs(common) > worst / 2
    typical = np.median(error[:, full], axis=1)
    shift = float(np.median(common[full]))
    shared = np.abs(typical - shift) < max(SAME * abs(shift), NOISE_MM)
    if np.mean(shared) < COMMON or spread(common[full]) >= STEADY * worst:
        return None
    return common


def beyond_shift(block: LeafBlock, rows: slice, shift: FloatArray | None) -> BoolArray:
    """Which leaves of a bank are out of limit by themselves once the bank's shift is taken off."""
    error = block.error[rows] if shift is None else block.error[rows] - shift
    beyond: BoolArray = np.abs(error).max(axis=1) > block.limit
    return beyond


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
