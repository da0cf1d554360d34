"""Normal equations: every parameter's part in the difference between two images."""

from collections.abc import Iterator, Sequence
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
    """``matrix`` (p, p) and ``vector`` (p,) of weighted least squares, by column.

    ``chi2`` is what there is without a fit, of so many ``cells``.
    """

    matrix: FloatArray
    vector: FloatArray
    chi2: float
    cells: int

    def about(self, values: FloatArray) -> "Normal":
        """The same for columns counted from 0, of which ``values`` are in the prediction."""
        moved = self.matrix @ values
        return Normal(
            self.matrix,
            self.vector + moved,
            self.chi2 + float(values @ (2.0 * self.vector + moved)),
            self.cells,
        )

    def chi2_at(self, values: FloatArray) -> float:
        """What is left when the columns are ``values``."""
        return self.chi2 - float(values @ (2.0 * self.vector - self.matrix @ values))

    def chi2_near(self, values: FloatArray, slack: FloatArray) -> float:
        """What is left when every column may be off ``values`` by its ``slack``.

        A slack is one standard deviation: the least sum of chi-square and squared deviations.
        """
        left = self.vector - self.matrix @ values
        free = self.matrix + np.diag(1.0 / slack**2)
        return self.chi2_at(values) - float(left @ np.linalg.solve(free, left))


def normal_equations(
    parameters: Parameters,
    columns: int,
    cells: Cells,
    sensitivity: Sensitivity,
    whole: Sequence[tuple[int, FloatArray]],
    along: Sequence[str],
    difference: FloatArray,
    variance: FloatArray,
    together: tuple[int, int],
) -> Normal:
    """Row by row, ``together`` neighbouring rows and cells of a row as one.

    ``columns`` are the parameters and what is estimated beside them. ``whole`` are changes of all
    cells, with their columns; ``along`` the names of the jaws along the travel.
    """
    matrix, vector = np.zeros((columns, columns)), np.zeros(columns)
    chi2 = 0.0
    for start in range(0, cells.shape[0], together[0]):
        rows = range(start, min(start + together[0], cells.shape[0]))
        group = slice(rows.start, rows.stop)
        pixels = cells.counts[group]
        if not pixels.any():
            continue
        changes: dict[int, FloatArray] = {}
        for row in rows:
            for place, line in _changes(parameters, row, sensitivity, whole, along):
                changes[place] = changes.get(place, 0.0) + line * cells.counts[row]
        at = np.array(list(changes))
        total = pixels.sum(axis=0)
        design = _gathered(np.array(list(changes.values())), total, together[1])
        left = _gathered(
            (difference[rows.start : rows.stop] * pixels).sum(axis=0), total, together[1]
        )
        spread = (variance[group] * pixels.astype(np.float64) ** 2).sum(axis=0)
        weight = _weight(spread, total, together[1])
        weighted = design * weight
        matrix[np.ix_(at, at)] += weighted @ design.T
        vector[at] += weighted @ left
        chi2 += float(weight @ left**2)
    return Normal(matrix, vector, chi2, int(np.count_nonzero(cells.counts)))


def _changes(
    parameters: Parameters,
    row: int,
    sensitivity: Sensitivity,
    whole: Sequence[tuple[int, FloatArray]],
    along: Sequence[str],
) -> Iterator[tuple[int, FloatArray]]:
    """The changes of a row's cells, with their columns."""
    for place, image in whole:
        yield place, image[row]
    for item in sensitivity.row(row):
        if item.device:
            yield parameters.banks[item.device, item.side].start + item.leaf, item.change
        elif along[item.side] in parameters.jaws:
            yield parameters.jaws[along[item.side]], item.change


def _gathered(sums: FloatArray, pixels: IndexArray, together: int) -> FloatArray:
    """Means over ``together`` cells of sums over their pixels."""
    starts = np.arange(0, pixels.size, together)
    total: FloatArray = np.add.reduceat(sums, starts, axis=-1)
    return total / np.maximum(np.add.reduceat(pixels, starts), 1)


def _weight(spread: FloatArray, pixels: IndexArray, together: int) -> FloatArray:
    """One over the variance of such a mean, 0 where there is no pixel; ``spread`` of the sums."""
    starts = np.arange(0, pixels.size, together)
    count = np.add.reduceat(pixels, starts).astype(np.float64)
    total = np.add.reduceat(spread, starts)
    return np.where(count > 0, count**2 / np.where(count > 0, total, 1.0), 0.0)
