"""All errors of one beam, sample by sample: the working set of reconciliation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.domain.reconciliation import Tolerances
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray
from gateway.reconcile.alignment import dose_samples, matched_control_point
from gateway.reconcile.columns import (
    Column,
    columns_of,
    difference,
    position_matrix,
    tightest_limits,
)
from gateway.reconcile.covered import Boundaries, covered_leaves
from gateway.reconcile.path import PlannedPath
from gateway.reconcile.statistics import ColumnStatistics, column_statistics, shown_statistics

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class BeamErrors:
    """Errors of one beam that was on.

    Matrices are ``(columns, samples)``. ``actual`` and ``expected`` (at the machine's own path
    position) cover every sample and ``path_error`` is their difference. ``dose_error`` is matched
    on meterset and covers the samples ``dose`` only; ``meterset_weight`` is the meterset
    delivered at each of them. ``judged`` are the samples in which a fault can show: ``dose`` and
    those held. ``limits`` is the largest single error allowed per column. ``unjudged`` are the
    columns of leaves that the jaws covered whenever dose was delivered.
    """

    delivered: Trajectory
    path: PlannedPath
    columns: tuple[Column, ...]
    limits: FloatArray
    actual: FloatArray
    expected: FloatArray
    path_error: FloatArray
    dose: Indices
    dose_error: FloatArray
    meterset_weight: FloatArray
    judged: Indices
    statistics: ColumnStatistics
    unjudged: Indices

    @property
    def devices(self) -> tuple[str, ...]:
        """The MLCs compared."""
        return tuple(dict.fromkeys(column.axis for column in self.columns if column.is_leaf))

    def rows(self, axis: str) -> slice:
        """Where an axis, or all leaves of an MLC, stand in the matrices."""
        names = [column.axis for column in self.columns]
        first = names.index(axis)
        return slice(first, first + names.count(axis))


def beam_errors(
    planned: Trajectory,
    delivered: Trajectory,
    mu_per_pulse: float,
    tolerances: Tolerances,
    start_meterset_mu: float,
    boundaries: Boundaries | None = None,
) -> BeamErrors:
    """Subtract ``planned`` from ``delivered`` (which has at least one sample).

    With ``boundaries`` a leaf is not judged while the jaws cover it: it counts as where planned,
    and its statistics are those of the time in which it showed.
    """
    columns = columns_of(delivered, planned)
    actual = position_matrix(delivered, columns, delivered)
    path = PlannedPath.of(planned, position_matrix(planned, columns, delivered))
    expected = path.positions_at(delivered.control_point)
    path_error = difference(actual, expected, columns)
    matched = matched_control_point(delivered, path, mu_per_pulse)
    matched_error = path_error
    if not np.array_equal(matched, delivered.control_point):
        matched_error = difference(actual, path.positions_at(matched), columns)
    hidden = None
    if boundaries is not None:
        hidden = covered_leaves(columns, actual, path.positions_at(matched), boundaries)
        path_error, matched_error = np.where(hidden, 0.0, (path_error, matched_error))
        actual = np.where(hidden, expected, actual)
    dose = _dose_indices(delivered)
    dose_error = matched_error[:, dose]
    meterset_weight = np.diff(delivered.meterset_mu[dose], prepend=start_meterset_mu)
    on = np.flatnonzero(delivered.beam_on)
    on_time_s = _durations(delivered.time_s)[on]
    statistics = column_statistics(dose_error, meterset_weight, matched_error[:, on], on_time_s)
    unjudged = np.array([], dtype=np.intp)
    if hidden is not None:
        shown = ~hidden
        statistics = shown_statistics(
            statistics,
            (dose_error, meterset_weight, shown[:, dose]),
            (matched_error[:, on], on_time_s, shown[:, on]),
        )
        unjudged = np.flatnonzero(~shown[:, dose].any(axis=1))
    return BeamErrors(
        delivered,
        path,
        columns,
        tightest_limits(columns, tolerances),
        actual,
        expected,
        path_error,
        dose,
        dose_error,
        meterset_weight,
        np.union1d(dose, np.flatnonzero(delivered.held)),
        statistics,
        unjudged,
    )


def exceeding(errors: BeamErrors, tolerances: Tolerances) -> FloatArray:
    """Per column the largest ratio of a statistic to its limit: above 1 is out of tolerance.

    Infinite for what is not a number.
    """
    statistics = errors.statistics
    ratio = np.zeros(len(errors.columns))
    for rows, quantity in _quantities(errors.columns):
        tolerance = tolerances.quantities.get(quantity)
        if tolerance is None:
            continue
        for limit, values in (
            (tolerance.maximum, statistics.maximum),
            (tolerance.rms, statistics.rms),
            (tolerance.p95, statistics.p95),
        ):
            if limit is not None:
                of_limit = np.nan_to_num(values[rows] / limit, nan=np.inf, posinf=np.inf)
                ratio[rows] = np.maximum(ratio[rows], of_limit)
    return ratio


def exceeded_axes(errors: BeamErrors, tolerances: Tolerances) -> tuple[str, ...]:
    """Axes out of tolerance, the worst first."""
    ratio = exceeding(errors, tolerances)
    order = (errors.columns[row].axis for row in np.argsort(-ratio) if ratio[row] > 1)
    return tuple(dict.fromkeys(order))


def _quantities(columns: Sequence[Column]) -> list[tuple[Indices, str]]:
    names = np.array([column.quantity for column in columns])
    return [(np.flatnonzero(names == name), str(name)) for name in np.unique(names)]


def _dose_indices(delivered: Trajectory) -> Indices:
    """The dose-carrying samples; every sample when not one pulse was delivered."""
    dose = np.flatnonzero(dose_samples(delivered))
    return dose if dose.size else np.arange(delivered.time_s.size)


def _durations(time_s: FloatArray) -> FloatArray:
    durations = np.diff(time_s, prepend=time_s[0])
    if durations.size > 1:
        durations[0] = durations[1]
    return durations
