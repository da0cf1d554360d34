"""A move of every axis from rest to rest, in closed form."""

import numpy as np

from gateway.domain.units import FloatArray


class Approach:
    """Each axis goes by itself: full acceleration, its speed if it gets there, and braking.

    ``start`` and ``target`` are ``(axes,)`` in mm or degree, ``speed`` and ``acceleration`` per
    second. An axis that cannot move (speed 0) stays where it is.
    """

    def __init__(
        self, start: FloatArray, target: FloatArray, speed: FloatArray, acceleration: FloatArray
    ) -> None:
        movable = (speed > 0.0) & (acceleration > 0.0)
        distance = np.where(movable, np.abs(target - start), 0.0)
        self._start = start.copy()
        self._direction = np.sign(target - start)
        self._acceleration = np.where(movable, acceleration, 1.0)
        self._peak = np.minimum(
            np.where(movable, speed, 1.0), np.sqrt(distance * self._acceleration)
        )
        self._ramp = self._peak / self._acceleration
        self._half_acceleration = 0.5 * self._acceleration
        moving = self._peak > 0.0
        divisor = np.where(moving, self._peak, 1.0)
        self._cruise = np.where(moving, distance / divisor - self._ramp, 0.0)
        self.duration_s = float(np.max(2.0 * self._ramp + self._cruise, initial=0.0))

    def at(self, time_s: float, out: FloatArray) -> None:
        """Where every axis stands ``time_s`` after the start, into ``out``."""
        speeding = np.minimum(time_s, self._ramp)
        left_s = time_s - speeding
        cruising = np.minimum(left_s, self._cruise)
        braking = np.minimum(left_s - cruising, self._ramp)
        way = self._half_acceleration * (speeding * speeding - braking * braking)
        way += self._peak * (cruising + braking)
        np.multiply(way, self._direction, out=out)
        np.add(out, self._start, out=out)
