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
        direction = np.sign(target - start)
        acceleration = np.where(movable, acceleration, 1.0)
        peak = np.minimum(np.where(movable, speed, 1.0), np.sqrt(distance * acceleration))
        self._ramp_s = peak / acceleration
        moving = peak > 0.0
        divisor = np.where(moving, peak, 1.0)
        self._cruise_s = np.where(moving, distance / divisor - self._ramp_s, 0.0)
        self._after_ramp_s = self._cruise_s + self._ramp_s
        self._half_acceleration = 0.5 * acceleration * direction
        self._peak = peak * direction
        self._speeding, self._left, self._braking = np.zeros((3, start.size))
        self.duration_s = float(np.max(self._ramp_s + self._after_ramp_s, initial=0.0))

    def at(self, time_s: float, out: FloatArray) -> None:
        """Where every axis stands ``time_s`` after the start, into ``out``."""
        speeding, left, braking = self._speeding, self._left, self._braking
        np.minimum(self._ramp_s, time_s, out=speeding)
        np.subtract(time_s, speeding, out=left)
        np.subtract(left, self._cruise_s, out=braking)
        np.maximum(braking, 0.0, out=braking)
        np.minimum(braking, self._ramp_s, out=braking)
        np.minimum(left, self._after_ramp_s, out=left)
        np.multiply(speeding, speeding, out=speeding)
        np.multiply(braking, braking, out=braking)
        np.subtract(speeding, braking, out=speeding)
        np.multiply(speeding, self._half_acceleration, out=speeding)
        np.multiply(left, self._peak, out=left)
        np.add(left, speeding, out=left)
        np.add(left, self._start, out=out)
