"""Maximum, RMS and 95th percentile of errors, weighted by what was delivered."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.reconciliation import ErrorStatistics
from gateway.domain.units import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """Statistics of |error|, one value a column."""

    maximum: FloatArray
    rms: FloatArray
    rms_time: FloatArray
    p95: FloatArray

    def worst(self, rows: slice, unit: str) -> ErrorStatistics:
        """The largest of each statistic over ``rows``."""
        return ErrorStatistics(
            float(self.maximum[rows].max()),
            float(self.rms[rows].max()),
            float(self.rms_time[rows].max()),
            float(self.p95[rows].max()),
            unit,
        )


def column_statistics(
    errors: FloatArray, meterset_weight: FloatArray, on_errors: FloatArray, on_time_s: FloatArray
) -> ColumnStatistics:
    """Statistics of ``errors`` ``(columns, n)`` weighted by the meterset delivered at each.

    ``on_errors`` ``(columns, m)`` and ``on_time_s`` are the samples with the beam on and how long
    each stands for. RMS is sqrt(sum(w e^2) / sum(w)). Weights that are all zero count equally.
    """
    size = np.abs(errors)
    return ColumnStatistics(
        size.max(axis=1, initial=0.0),
        weighted_rms(errors, meterset_weight),
        weighted_rms(on_errors, on_time_s),
        weighted_percentile(size, meterset_weight, 0.95),
    )


Weighed = tuple[FloatArray, FloatArray, BoolArray]
"""``(columns, n)`` errors, ``(n,)`` weights, and ``(columns, n)`` whether each shows."""


def shown_statistics(whole: ColumnStatistics, dose: Weighed, on: Weighed) -> ColumnStatistics:
    """``whole`` with the columns that did not show all the time taken over what showed of them."""
    figures = [values.copy() for values in (whole.maximum, whole.rms, whole.rms_time, whole.p95)]
    (errors, weight, shown), (on_errors, on_time_s, on_shown) = dose, on
    for row in np.flatnonzero(~(shown.all(axis=1) & on_shown.all(axis=1))):
        part = column_statistics(
            errors[row : row + 1, shown[row]],
            weight[shown[row]],
            on_errors[row : row + 1, on_shown[row]],
            on_time_s[on_shown[row]],
        )
        parts = (part.maximum, part.rms, part.rms_time, part.p95)
        for figure, value in zip(figures, parts, strict=True):
            figure[row] = value[0]
    return ColumnStatistics(*figures)


def weighted_rms(errors: FloatArray, weight: FloatArray) -> FloatArray:
    """Root of the weighted mean square along the last axis; 0 where there is nothing."""
    share = _shares(weight)
    rms: FloatArray = np.sqrt(np.square(errors) @ share)
    return rms


def weighted_percentile(size: FloatArray, weight: FloatArray, quantile: float) -> FloatArray:
    """The smallest size in each row that at least ``quantile`` of the weight does not exceed."""
    rows, count = size.shape
    if count == 0:
        return np.zeros(rows)
    share = _shares(weight)
    order = np.argsort(size, axis=1)
    reached = np.cumsum(share[order], axis=1) >= quantile - 1e-12
    place = np.where(reached[:, -1], np.argmax(reached, axis=1), count - 1)
    everyone = np.arange(rows)
    result: FloatArray = size[everyone, order[everyone, place]]
    return result


def _shares(weight: FloatArray) -> FloatArray:
    total = float(weight.sum())
    if total > 0:
        return weight / total
    return np.full(weight.shape, 1.0 / max(weight.size, 1))
