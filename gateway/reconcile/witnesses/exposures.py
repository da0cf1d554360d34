"""A trajectory as the exposures that a panel sees: where everything stood while dose fell."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import JAWS, Axis, AxisLayout
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray

_SHUT_MM = 0.1
_SHAPING = frozenset({*JAWS, Axis.COLLIMATOR})


@dataclass(frozen=True, slots=True)
class Exposures:
    """``positions`` (k, layout.size), mm or degree, with ``meterset_mu`` (k,) given at each."""

    positions: FloatArray
    meterset_mu: FloatArray

    @property
    def total_mu(self) -> float:
        """All of it."""
        return float(self.meterset_mu.sum())


def exposures_of(
    trajectory: Trajectory,
    layout: AxisLayout,
    spans_mu: Sequence[tuple[float, float]],
    step: float,
) -> Exposures:
    """What was exposed within ``spans_mu`` (cumulative meterset), in steps of at most ``step``.

    Between two samples everything moves evenly with the meterset. A sample's dose fell at the
    mean of its position and the one before. Samples that are within ``step`` (mm or degree) of
    each other in everything that shapes the beam are one exposure at their mean. A pair whose
    tips are no farther apart than encoders may err is closed.
    """
    positions = positions_of(trajectory, layout)
    meterset = trajectory.meterset_mu
    places, given = _within(positions, meterset, spans_mu)
    shaping = _shaping_columns(layout)
    places, given = _split(places, given, shaping, step)
    merged = _merged(places, given, shaping, step)
    _shut(merged.positions, layout)
    return merged


def positions_of(trajectory: Trajectory, layout: AxisLayout) -> FloatArray:
    """(n, layout.size): the trajectory in the machine's order. What it does not state is 0."""
    positions = np.zeros((trajectory.time_s.size, layout.size))
    for place, axis in enumerate(layout.scalars):
        if axis in trajectory.axes:
            positions[:, place] = trajectory.axes[axis]
    for device, columns in layout.mlc_slices.items():
        if device in trajectory.leaves:
            positions[:, columns] = trajectory.leaves[device]
    return positions


def _shaping_columns(layout: AxisLayout) -> FloatArray:
    scalars = [place for place, axis in enumerate(layout.scalars) if axis in _SHAPING]
    columns: FloatArray = np.r_[scalars, len(layout.scalars) : layout.size].astype(np.intp)
    return columns


def _within(
    positions: FloatArray, meterset: FloatArray, spans_mu: Sequence[tuple[float, float]]
) -> tuple[FloatArray, FloatArray]:
    """(k, 2, size) where each piece with dose starts and ends, and its meterset (k,)."""
    low, high = meterset[:-1], meterset[1:]
    rise = high - low
    pieces, doses = [], []
    for start_mu, end_mu in spans_mu:
        inside = np.flatnonzero((rise > 0.0) & (high > start_mu) & (low < end_mu))
        begin = np.clip((start_mu - low[inside]) / rise[inside], 0.0, 1.0)[:, np.newaxis]
        end = np.clip((end_mu - low[inside]) / rise[inside], 0.0, 1.0)[:, np.newaxis]
        move = positions[inside + 1] - positions[inside]
        start = positions[inside]
        pieces.append(np.stack((start + begin * move, start + end * move), axis=1))
        doses.append(rise[inside] * (end - begin)[:, 0])
        before = min(float(meterset[0]), end_mu) - start_mu
        if before > 0.0:
            pieces.append(np.stack((positions[:1], positions[:1]), axis=1))
            doses.append(np.array([before]))
    if not pieces:
        return np.empty((0, 2, positions.shape[1])), np.empty(0)
    return np.concatenate(pieces), np.concatenate(doses)


def _split(
    places: FloatArray, given: FloatArray, shaping: FloatArray, step: float
) -> tuple[FloatArray, FloatArray]:
    """The middles of pieces no longer than ``step``."""
    start, move = places[:, 0], places[:, 1] - places[:, 0]
    longest = np.abs(move[:, shaping]).max(axis=1, initial=0.0)
    parts = np.maximum(np.ceil(longest / step - 1e-9), 1.0).astype(np.intp)
    piece = np.repeat(np.arange(parts.size), parts)
    first = np.cumsum(parts) - parts
    share = (np.arange(piece.size) - first[piece] + 0.5) / parts[piece]
    return start[piece] + share[:, np.newaxis] * move[piece], given[piece] / parts[piece]


def _merged(places: FloatArray, given: FloatArray, shaping: FloatArray, step: float) -> Exposures:
    """Neighbours that stand within ``step`` of the first of them are one."""
    if given.size == 0:
        return Exposures(places, given)
    shape = places[:, shaping]
    starts, anchor = [0], shape[0]
    for row in range(1, len(shape)):
        if np.abs(shape[row] - anchor).max() > step:
            starts.append(row)
            anchor = shape[row]
    first = np.array(starts)
    dose = np.add.reduceat(given, first)
    moment = np.add.reduceat(places * given[:, np.newaxis], first)
    return Exposures(moment / dose[:, np.newaxis], dose)


def _shut(positions: FloatArray, layout: AxisLayout) -> None:
    for columns in layout.mlc_slices.values():
        negative, positive = np.split(positions[:, columns], 2, axis=1)
        closed = positive - negative < _SHUT_MM
        middle = 0.5 * (negative + positive)
        shut = np.where(closed, middle, negative), np.where(closed, middle, positive)
        positions[:, columns] = np.hstack(shut)
