"""Every position of a beam as a row of one matrix, and what each row is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import JAWS, Axis, banks
from gateway.domain.reconciliation import Tolerance, Tolerances
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray, wrap_degrees


@dataclass(frozen=True, slots=True)
class Column:
    """One position of the machine: a scalar axis, or a leaf of a bank (counted from 1).

    ``quantity`` is its key in the tolerances; ``index`` its place in ``Trajectory.leaves``.
    """

    axis: str
    quantity: str
    unit: str
    bank: str | None = None
    leaf: int | None = None
    index: int = 0

    @property
    def is_leaf(self) -> bool:
        """Whether it is a leaf of an MLC."""
        return self.leaf is not None


def scalar_column(axis: Axis) -> Column:
    """The column of a scalar axis."""
    return Column(axis.value, "jaw" if axis in JAWS else axis.value, axis.unit)


def leaf_columns(device: str, pairs: int) -> tuple[Column, ...]:
    """The columns of an MLC in DICOM order."""
    return tuple(
        Column(device, "leaf", "mm", bank, leaf, side * pairs + leaf - 1)
        for side, bank in enumerate(banks(device))
        for leaf in range(1, pairs + 1)
    )


def columns_of(delivered: Trajectory, planned: Trajectory) -> tuple[Column, ...]:
    """What can be compared: everything both have, and every delivered axis the plan is mute on.

    Leaves of an MLC that has another number of them in each are not comparable.
    """
    leaves = (
        column
        for device, positions in delivered.leaves.items()
        if device in planned.leaves and planned.leaves[device].shape[1] == positions.shape[1]
        for column in leaf_columns(device, positions.shape[1] // 2)
    )
    return (*(scalar_column(axis) for axis in delivered.axes), *leaves)


def position_matrix(
    trajectory: Trajectory, columns: Sequence[Column], unstated: Trajectory
) -> FloatArray:
    """``(columns, samples)`` positions.

    An axis that ``trajectory`` does not state stays where ``unstated`` had it first.
    """
    samples = trajectory.time_s.size
    matrix = np.empty((len(columns), samples))
    scalars = [column for column in columns if not column.is_leaf]
    for row, column in enumerate(scalars):
        axis = Axis(column.axis)
        stated = trajectory.axes.get(axis)
        matrix[row] = unstated.axes[axis][0] if stated is None else stated
    start = len(scalars)
    for device in dict.fromkeys(column.axis for column in columns if column.is_leaf):
        leaves = trajectory.leaves[device]
        matrix[start : start + leaves.shape[1]] = leaves.T
        start += leaves.shape[1]
    return matrix


def difference(delivered: FloatArray, planned: FloatArray, columns: Sequence[Column]) -> FloatArray:
    """Delivered minus planned, angles brought to [-180, 180) degree."""
    error: FloatArray = delivered - planned
    for row, column in enumerate(columns):
        if column.unit == "deg":
            error[row] = wrap_degrees(error[row])
    return error


def tolerance_of(column: Column, tolerances: Tolerances) -> Tolerance | None:
    """The tolerance of a column; None when the site sets none."""
    return tolerances.quantities.get(column.quantity)


def tightest_limits(columns: Sequence[Column], tolerances: Tolerances) -> FloatArray:
    """Per column the limit of a single error: the maximum, else the smallest other; inf if none."""
    limits = np.full(len(columns), np.inf)
    for row, column in enumerate(columns):
        tolerance = tolerance_of(column, tolerances)
        if tolerance is None:
            continue
        if tolerance.maximum is not None:
            limits[row] = tolerance.maximum
        else:
            others = [limit for limit in (tolerance.p95, tolerance.rms) if limit is not None]
            limits[row] = min(others, default=np.inf)
    return limits
