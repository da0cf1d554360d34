"""Leaves that the jaws cover: where they stand does not show in the beam."""

from collections.abc import Mapping, Sequence

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.units import BoolArray, FloatArray
from gateway.reconcile.columns import Column

GUARD_LEAVES = 1
"""How many leaves beside the opening are judged although the jaws cover them."""
GUARD_MM = 5.0
"""How far behind a jaw's edge a leaf's tip still counts: beyond it lies nothing but penumbra."""

Boundaries = Mapping[str, FloatArray]
"""The leaf boundaries (mm at the isocentre plane) of each MLC."""


def covered_leaves(
    columns: Sequence[Column], actual: FloatArray, expected: FloatArray, boundaries: Boundaries
) -> BoolArray:
    """``(columns, samples)``: which leaves the jaws cover both where they are and where planned.

    A pair is covered when it lies wholly outside the jaws that travel across the leaves, with a
    guard; a leaf also when its tip is behind the same jaw along its way, here and as planned.
    Without jaws nothing is covered. Machines park such leaves as they like.
    """
    covered = np.zeros(actual.shape, dtype=np.bool_)
    for device in dict.fromkeys(column.axis for column in columns if column.is_leaf):
        rows = [row for row, column in enumerate(columns) if column.axis == device]
        edges = boundaries.get(device)
        if edges is None or 2 * (edges.size - 1) != len(rows):
            continue
        along = (Axis.Y1, Axis.Y2) if device == "MLCY" else (Axis.X1, Axis.X2)
        across = (Axis.X1, Axis.X2) if device == "MLCY" else (Axis.Y1, Axis.Y2)
        here, there = slice(rows[0], rows[-1] + 1), columns
        outside = _outside(edges, *_jaws(there, actual, across))
        outside &= _outside(edges, *_jaws(there, expected, across))
        behind_actual = _behind(actual[here], *_jaws(there, actual, along))
        behind_expected = _behind(expected[here], *_jaws(there, expected, along))
        same = (behind_actual == behind_expected) & (behind_actual != 0)
        covered[here] = np.vstack((outside, outside)) | same
    return covered


def _jaws(
    columns: Sequence[Column], positions: FloatArray, axes: tuple[Axis, Axis]
) -> tuple[FloatArray, FloatArray]:
    names = [column.axis for column in columns]
    samples = positions.shape[1]
    low, high = (
        positions[names.index(axis)] if axis in names else np.full(samples, limit)
        for axis, limit in zip(axes, (-np.inf, np.inf), strict=True)
    )
    return low, high


def _outside(edges: FloatArray, low: FloatArray, high: FloatArray) -> BoolArray:
    """``(pairs, samples)``: pairs beyond the jaws by at least the guard leaves."""
    lower = np.concatenate((np.full(GUARD_LEAVES, -np.inf), edges[: -1 - GUARD_LEAVES]))
    upper = np.concatenate((edges[1 + GUARD_LEAVES :], np.full(GUARD_LEAVES, np.inf)))
    # a pair is judged while the jaws uncover it or its neighbour
    outside: BoolArray = (upper[:, np.newaxis] <= low) | (lower[:, np.newaxis] >= high)
    return outside


def _behind(
    tips: FloatArray, low: FloatArray, high: FloatArray
) -> np.ndarray[tuple[int, int], np.dtype[np.int8]]:
    """-1 behind the negative jaw, 1 behind the positive one, 0 in the opening or near it."""
    return (tips > high + GUARD_MM).astype(np.int8) - (tips < low - GUARD_MM).astype(np.int8)
