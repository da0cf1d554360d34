"""The controller's own evaluation of a program: rows, and the timed path through them."""

from bisect import bisect_right

import numpy as np

from gateway.domain.units import FloatArray, frozen

_SLIVER = 1e-6
"""A piece that reaches this little (in s) into a row is rounded to its seam."""


class Path:
    """Rows ``(n, axes)`` in mm or degree with cumulative meterset, and s(t) through them.

    ``pieces`` is ``(k, 4)``: start time (s), s, speed (1/s) and acceleration (1/s2) of each piece
    of constant acceleration. Between rows, axes and meterset are linear in s.
    """

    def __init__(
        self, rows: FloatArray, meterset_mu: FloatArray, pieces: FloatArray, duration_s: float
    ) -> None:
        self.rows = frozen(rows)
        self.meterset_mu = frozen(meterset_mu)
        self.pieces = frozen(pieces)
        self.duration_s = duration_s
        self._starts = list(self.rows)
        self._steps = list(np.diff(self.rows, axis=0))
        self._last = len(self.rows) - 2
        self._metersets: list[float] = meterset_mu.tolist()
        self._times: list[float] = pieces[:, 0].tolist()
        self._motions: list[tuple[float, float, float]] = [
            (s, speed, acceleration) for _, s, speed, acceleration in pieces.tolist()
        ]

    @property
    def end_s(self) -> float:
        """The path position of the last row."""
        return float(self._last + 1)

    def s_at(self, clock_s: float) -> float:
        """The path position when the path's own clock shows ``clock_s``."""
        if clock_s >= self.duration_s:
            return self.end_s
        piece = bisect_right(self._times, clock_s) - 1
        s, speed, acceleration = self._motions[piece]
        dt = clock_s - self._times[piece]
        return min(max(s + (speed + 0.5 * acceleration * dt) * dt, 0.0), self.end_s)

    def positions_at(self, s: float, out: FloatArray) -> None:
        """Where every axis should stand at ``s``, into ``out``."""
        row = min(int(s), self._last)
        np.multiply(self._steps[row], s - row, out=out)
        np.add(out, self._starts[row], out=out)

    def meterset_at(self, s: float) -> float:
        """The cumulative meterset (MU) due at ``s``."""
        row = min(int(s), self._last)
        before = self._metersets[row]
        return before + (self._metersets[row + 1] - before) * (s - row)

    def ends(self) -> FloatArray:
        """Each piece's end as ``(k, 2)``: s and speed when the next piece takes over."""
        time_s, s, speed, acceleration = self.pieces.T
        dt = np.append(time_s[1:], self.duration_s) - time_s
        return np.column_stack(
            (s + (speed + 0.5 * acceleration * dt) * dt, speed + acceleration * dt)
        )

    def peak_speeds(self) -> FloatArray:
        """The highest ds/dt (1/s) between each row and the next, ``(n - 1,)``.

        Within a piece, v2 = v0**2 + 2 a (s - s0); so pieces are cut at the rows and the speed is
        taken at both ends of every cut.
        """
        _, s, speed, acceleration = self.pieces.T
        knots = np.unique(np.concatenate((s, np.arange(len(self.rows)), [self.end_s])))
        knots = knots[(knots >= 0.0) & (knots <= self.end_s)]
        cuts = np.flatnonzero(np.diff(knots) > _SLIVER)
        low, high = knots[cuts], knots[cuts + 1]
        middle = 0.5 * (low + high)
        piece = np.clip(np.searchsorted(s, middle, side="right") - 1, 0, None)
        square = speed[piece] ** 2
        ends = np.maximum(
            square + 2.0 * acceleration[piece] * (low - s[piece]),
            square + 2.0 * acceleration[piece] * (high - s[piece]),
        )
        peaks = np.zeros(len(self.rows) - 1)
        np.maximum.at(peaks, middle.astype(np.int64), np.sqrt(np.maximum(ends, 0.0)))
        return peaks
