"""A distribution on a finer grid, linear along each axis between its points."""

import numpy as np

from gateway.domain.grids import RegularGrid
from gateway.domain.units import FloatArray


def refined(grid: RegularGrid, times: int) -> RegularGrid:
    """``times`` steps for each step of ``grid``, over the same extent.

    Gamma against it is gamma against a surface that is linear along each axis, the nearer the more
    ``times``. Raises ValueError for less than 1.
    """
    if times < 1:
        raise ValueError(f"a grid cannot be refined {times} times")
    values = grid.values
    for axis in range(values.ndim):
        values = _along(values, axis, times)
    return RegularGrid(values, grid.origin_mm, tuple(step / times for step in grid.spacing_mm))


def _along(values: FloatArray, axis: int, times: int) -> FloatArray:
    count = values.shape[axis]
    if count < 2 or times == 1:
        return values
    steps = np.arange((count - 1) * times + 1)
    before = np.minimum(steps // times, count - 2)
    share = (steps / times - before).reshape([-1 if a == axis else 1 for a in range(values.ndim)])
    low, high = values.take(before, axis), values.take(before + 1, axis)
    between: FloatArray = np.where(share == 1.0, high, low + share * (high - low))
    return np.where(share == 0.0, low, between)
