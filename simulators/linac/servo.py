"""How the axes follow what they are told, and what their encoders make of it."""

import math

import numpy as np
import numpy.typing as npt

from gateway.domain.units import WIRE_UNITS_PER_MM, FloatArray

NOISE_POOL_CYCLES = 1021
"""Noise is drawn once and walked through again and again: prime, so that it repeats late."""
_AT_REST = 1e-7


def servo_response(time_constant_s: float, cycle_s: float) -> tuple[float, float]:
    """What a cycle leaves of an axis' error, and what of the target's way it adds to it."""
    ratio = cycle_s / time_constant_s if time_constant_s > 0.0 else math.inf
    decay = math.exp(-ratio)
    return decay, (1.0 - decay) / ratio if math.isfinite(ratio) else 0.0


class Servo:
    """A first-order lag: at steady speed v an axis stands ``time_constant_s * v`` behind.

    The lag is integrated exactly for a target that moves evenly within a cycle of ``cycle_s``.
    """

    def __init__(self, time_constant_s: float, cycle_s: float, start: FloatArray) -> None:
        self._decay, self._gain = servo_response(time_constant_s, cycle_s)
        self._target = start.copy()
        self._error = np.zeros_like(start)
        self._scratch = np.zeros_like(start)
        self._resting = True

    def follow(self, target: FloatArray, actual: FloatArray) -> None:
        """One cycle towards ``target``; where the axes stand then goes into ``actual``."""
        np.subtract(target, self._target, out=self._scratch)
        np.multiply(self._error, self._decay, out=self._error)
        np.multiply(self._scratch, self._gain, out=self._scratch)
        np.add(self._error, self._scratch, out=self._error)
        self._target[:] = target
        self._resting = False
        np.subtract(target, self._error, out=actual)

    def settle(self, actual: FloatArray) -> None:
        """One cycle with a target that stands still."""
        if self._resting:
            actual[:] = self._target
            return
        np.multiply(self._error, self._decay, out=self._error)
        if float(np.abs(self._error).max()) < _AT_REST:
            self._error[:] = 0.0
            self._resting = True
        np.subtract(self._target, self._error, out=actual)


class Encoders:
    """Readings with small noise and a finite step (mm or degree), as integers of 0.001."""

    def __init__(
        self, size: int, step: float, noise: float, generator: np.random.Generator
    ) -> None:
        self._step_counts = max(step * WIRE_UNITS_PER_MM, 1.0)
        self._per_step = WIRE_UNITS_PER_MM / self._step_counts
        self._whole_counts = self._step_counts.is_integer()
        self._noise = list(generator.normal(0.0, noise * self._per_step, (NOISE_POOL_CYCLES, size)))
        self.counts = np.zeros(size)
        """The last readings, as numbers to reckon with."""
        self._cycle = 0

    def read(self, actual: FloatArray) -> npt.NDArray[np.int32]:
        """A fresh array of readings."""
        self._cycle = (self._cycle + 1) % NOISE_POOL_CYCLES
        counts = self.counts
        np.multiply(actual, self._per_step, out=counts)
        np.add(counts, self._noise[self._cycle], out=counts)
        np.rint(counts, out=counts)
        np.multiply(counts, self._step_counts, out=counts)
        if not self._whole_counts:
            np.rint(counts, out=counts)
        return counts.astype(np.int32)
