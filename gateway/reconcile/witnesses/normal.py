"""Normal equations: every parameter's part in the difference between two images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.domain.units import FloatArray
from gateway.reconcile.witnesses.cells import Cells
from gateway.reconcile.witnesses.parameters import Parameters
from gateway.reconcile.witnesses.sensitivity import Sensitivity

IndexArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Normal:
    """``matrix`` (p, p) and ``vector`` (p,) of weighted least squares; ``chi2`` without a fit."""

    matrix: FloatArray
    vector: FloatArray
    chi2: float

    def about(self, values: FloatArray) -> "Normal":
        """The same for parameters counted from 0, of which ``values`` are in the prediction."""
        moved = self.matrix @ values
        return Normal(
            self.matrix,
            self.vector + moved,
            self.chi2 + float(values @ (2.0 * self.vector + moved)),
        )

    def chi2_at(self, values: FloatArray) -> float:
        """What is left when the parameters are ``values``."""
        return self.chi2 - float(values @ (2.0 * self.vector - self.matrix @ values))


def normal_equations(
    parameters: Parameters,
    cells: Cells,
    sensitivity: Sensitivity,
    images: Sequence[FloatArray],
    jaws: Sequence[Sequence[str]],
    difference: FloatArray,
    variance: FloatArray,
    together: int,
) -> Normal:
    """Row by row, ``together`` neighbouring cells of a row as one.

    ``images`` are the changes with the first parameters, by cells.
    ``jaws`` are the names of those along the travel and of those across it.
    """
    count = parameters.count
    matrix, vector = np.zeros((count, count)), np.zeros(count)
    whole: list[tuple[int, FloatArray]] = list(enumerate(images))
    for side, name in enumerate(jaws[1]):
        if name in parameters.jaws:
            whole.append((parameters.jaws[name], sensitivity.across(side)))
    chi2 = 0.0
    for row in range(cells.shape[0]):
        if not cells.counts[row].any():
            continue
        places = [place for place, _ in whole]
        lines = [image[row] for _, image in whole]
        for item in sensitivity.row(row):
            if item.device:
                place = parameters.banks[item.device, item.side].start + item.leaf
            elif jaws[0][item.side] in parameters.jaws:
                place = parameters.jaws[jaws[0][item.side]]
            else:
                continue
            places.append(place)
            lines.append(item.change)
        pixels = cells.counts[row]
        design = _gathered(np.array(lines), pixels, together)
        left = _gathered(difference[row], pixels, together)
        weight = _weight(variance[row], pixels, together)
        weighted = design * weight
        at = np.array(places)
        np.add.at(matrix, (at[:, np.newaxis], at), weighted @ design.T)
        np.add.at(vector, at, weighted @ left)
        chi2 += float(weight @ left**2)
    return Normal(matrix, vector, chi2)


def _gathered(values: FloatArray, pixels: IndexArray, together: int) -> FloatArray:
    """Means over ``together`` cells, by their pixels."""
    if together == 1:
        return values
    starts = np.arange(0, pixels.size, together)
    total: FloatArray = np.add.reduceat(values * pixels, starts, axis=-1)
    return total / np.maximum(np.add.reduceat(pixels, starts), 1)


def _weight(variance: FloatArray, pixels: IndexArray, together: int) -> FloatArray:
    """One over the variance of such a mean, 0 where there is no pixel."""
    starts = np.arange(0, pixels.size, together)
    count = np.add.reduceat(pixels, starts)
    spread = np.add.reduceat(variance * pixels.astype(np.float64) ** 2, starts)
    return np.where(
        count > 0, count.astype(np.float64) ** 2 / np.where(count > 0, spread, 1.0), 0.0
    )
