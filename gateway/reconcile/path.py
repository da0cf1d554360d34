"""The planned path: where everything should be at a control point or a meterset."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray


@dataclass(frozen=True, slots=True)
class PlannedPath:
    """Rows of the plan, linear in between. ``positions`` is ``(columns, rows)``."""

    control_point: FloatArray
    meterset_mu: FloatArray
    time_s: FloatArray
    positions: FloatArray

    @classmethod
    def of(cls, planned: Trajectory, positions: FloatArray) -> "PlannedPath":
        """The path of ``planned`` with its positions as a matrix."""
        return cls(planned.control_point, planned.meterset_mu, planned.time_s, positions)

    def positions_at(self, control_point: FloatArray) -> FloatArray:
        """``(columns, n)`` planned positions at each fractional control point."""
        knots = self.control_point
        right = np.clip(np.searchsorted(knots, control_point, side="right"), 1, knots.size - 1)
        left = right - 1
        width = knots[right] - knots[left]
        share = np.clip((control_point - knots[left]) / np.where(width > 0, width, 1.0), 0.0, 1.0)
        start = self.positions[:, left]
        result: FloatArray = start + (self.positions[:, right] - start) * share
        return result

    def meterset_at(self, control_point: FloatArray) -> FloatArray:
        """Planned cumulative meterset at each fractional control point."""
        return np.interp(control_point, self.control_point, self.meterset_mu)

    def time_at(self, control_point: FloatArray) -> FloatArray:
        """Planned time (s) at each fractional control point."""
        return np.interp(control_point, self.control_point, self.time_s)

    def first_at(self, meterset_mu: FloatArray) -> FloatArray:
        """The control point at which each meterset is first reached: where a plateau starts."""
        return self._crossing(meterset_mu, np.searchsorted(self.meterset_mu, meterset_mu, "left"))

    def last_at(self, meterset_mu: FloatArray) -> FloatArray:
        """The control point at which each meterset is last held: where a plateau ends."""
        return self._crossing(meterset_mu, np.searchsorted(self.meterset_mu, meterset_mu, "right"))

    def _crossing(
        self, meterset_mu: FloatArray, right: np.ndarray[tuple[int], np.dtype[np.intp]]
    ) -> FloatArray:
        right = np.clip(right, 1, self.meterset_mu.size - 1)
        low, high = self.meterset_mu[right - 1], self.meterset_mu[right]
        rise = high - low
        share = np.clip((meterset_mu - low) / np.where(rise > 0, rise, 1.0), 0.0, 1.0)
        share = np.where(rise > 0, share, (meterset_mu >= high).astype(np.float64))
        left_point = self.control_point[right - 1]
        point: FloatArray = left_point + (self.control_point[right] - left_point) * share
        return point
