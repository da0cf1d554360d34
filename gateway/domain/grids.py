"""Values on a regular grid: dose distributions, meterset maps, images brought to a plane."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.units import FloatArray, frozen


@dataclass(frozen=True, slots=True)
class RegularGrid:
    """``values[i, j, ...]`` stands at ``origin_mm + (i, j, ...) * spacing_mm``, array order.

    A spacing is negative where the coordinate falls as the index rises (rows of an image go down
    while IEC y goes up). ``values`` is read-only. Raises ValueError for another number of axes
    than dimensions and for a spacing that is 0 or not finite.
    """

    values: FloatArray
    origin_mm: tuple[float, ...]
    spacing_mm: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values.ndim == len(self.origin_mm) == len(self.spacing_mm):
            raise ValueError(
                f"a grid of {self.values.ndim} dimensions with {len(self.origin_mm)} origins "
                f"and {len(self.spacing_mm)} spacings"
            )
        placed = np.array((*self.origin_mm, *self.spacing_mm))
        if not np.isfinite(placed).all() or 0.0 in self.spacing_mm:
            raise ValueError("a grid's origin and spacing are finite, and no spacing is 0")
        object.__setattr__(self, "values", frozen(self.values))

    def coordinates_mm(self, axis: int) -> FloatArray:
        """Where the points stand along ``axis`` (counted as in ``values``)."""
        count = self.values.shape[axis]
        return frozen(self.origin_mm[axis] + self.spacing_mm[axis] * np.arange(count))
