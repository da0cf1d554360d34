"""The drives: a target for every axis, the servo behind it, the encoders that see it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gateway.domain.machine import MachineModel
from gateway.domain.units import NS_PER_S, WIRE_UNITS_PER_MM, FloatArray
from simulators.linac.approach import Approach
from simulators.linac.disturbance import MotionDisturbance
from simulators.linac.envelope import Envelope
from simulators.linac.path import Path
from simulators.linac.servo import Encoders, Servo


class Drives:
    """Every axis of the machine, one cycle at a time."""

    def __init__(self, model: MachineModel, limits: Envelope, seed: int) -> None:
        size = model.layout.size
        self._limits = limits
        self._target = limits.parked.copy()
        self._actual = self._target.copy()
        self._tolerance_counts = limits.hold_tolerance * WIRE_UNITS_PER_MM
        self._tightest_square = float(np.min(self._tolerance_counts)) ** 2
        self._scratch = np.zeros(size)
        self._servo = Servo(model.servo.time_constant_s, model.sample_period_s, self._target)
        self._encoders = Encoders(
            size,
            model.servo.encoder_step_mm,
            model.servo.position_noise_mm,
            np.random.default_rng(seed),
        )
        self._approach: Approach | None = None
        self._approach_start_ns = 0
        self.motions: Sequence[MotionDisturbance] = ()
        self.readings: npt.NDArray[np.int32] = self._encoders.read(self._actual)

    @property
    def actual(self) -> FloatArray:
        """Where the axes really stand (mm or degree); overwritten by the next cycle."""
        return self._actual

    @property
    def target(self) -> FloatArray:
        """Where the axes are told to be (mm or degree); overwritten by the next cycle."""
        return self._target

    def approach(self, target: FloatArray, time_ns: int) -> float:
        """Start towards ``target`` from rest; returns how long it takes (s)."""
        limits = self._limits
        self._approach = Approach(self._target, target, limits.speed, limits.acceleration)
        self._approach_start_ns = time_ns
        return self._approach.duration_s

    def stop(self) -> None:
        """Stay at the present target."""
        self._approach = None

    def cycle(self, s: float, time_ns: int) -> None:
        """One cycle of an approach, or at rest."""
        if self._approach is not None:
            elapsed_s = (time_ns - self._approach_start_ns) / NS_PER_S
            self._approach.at(elapsed_s, out=self._target)
            self._servo.follow(self._target, self._actual)
            if elapsed_s >= self._approach.duration_s:
                self._approach = None
        else:
            self._servo.settle(self._actual)
        self._sense(s, time_ns)

    def cycle_along(self, path: Path, s: float, time_ns: int) -> None:
        """One cycle that ends at path position ``s``."""
        path.positions_at(s, out=self._target)
        self._servo.follow(self._target, self._actual)
        self._sense(s, time_ns)

    def within_tolerance(self) -> bool:
        """Whether every encoder reads its target within the hold tolerance."""
        scratch = self._scratch
        np.multiply(self._target, WIRE_UNITS_PER_MM, out=scratch)
        np.subtract(scratch, self._encoders.counts, out=scratch)
        if float(scratch.dot(scratch)) <= self._tightest_square:
            return True
        np.abs(scratch, out=scratch)
        np.subtract(scratch, self._tolerance_counts, out=scratch)
        return float(np.maximum.reduce(scratch)) <= 0.0

    def _sense(self, s: float, time_ns: int) -> None:
        for motion in self.motions:
            motion.disturb(self._actual, s, time_ns)
        self.readings = self._encoders.read(self._actual)
