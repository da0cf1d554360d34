"""A gantry that trails: by backlash, or by a slower drive."""

import math

from gateway.domain.units import FloatArray
from simulators.ground_truth import Entry

_NOTE_STEP_DEG = 0.1


class TrailingGantry:
    """The gantry goes only when its target is ``deg`` ahead (backlash)."""

    def __init__(self, column: int, deg: float, from_s: float, entry: Entry) -> None:
        self._column = column
        self._deg = deg
        self._from_s = from_s
        self._entry = entry
        self._at: float | None = None
        self._worst = _Worst(entry)

    def disturb(self, actual: FloatArray, s: float, time_ns: int) -> None:
        """See MotionDisturbance."""
        if s < self._from_s:
            return
        target = float(actual[self._column])
        if self._at is None:
            self._at = target
        self._at = min(max(self._at, target - self._deg), target + self._deg)
        actual[self._column] = self._at
        self._worst.note(self._at - target, time_ns)


class SlowGantry:
    """The gantry follows with a lag of ``seconds`` of its speed."""

    def __init__(
        self, column: int, seconds: float, cycle_s: float, from_s: float, entry: Entry
    ) -> None:
        self._column = column
        self._share = 1.0 - math.exp(-cycle_s / seconds)
        self._from_s = from_s
        self._at: float | None = None
        self._worst = _Worst(entry)

    def disturb(self, actual: FloatArray, s: float, time_ns: int) -> None:
        """See MotionDisturbance."""
        if s < self._from_s:
            return
        target = float(actual[self._column])
        if self._at is None:
            self._at = target
        self._at += (target - self._at) * self._share
        actual[self._column] = self._at
        self._worst.note(self._at - target, time_ns)


class _Worst:
    """Notes the largest error, in coarse steps: the file is not written every cycle."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._noted_deg = 0.0

    def note(self, error_deg: float, time_ns: int) -> None:
        if abs(error_deg) < abs(self._noted_deg) + _NOTE_STEP_DEG:
            return
        if self._noted_deg == 0.0:
            self._entry.note(first_time_ns=time_ns)
        self._noted_deg = error_deg
        self._entry.note(injected=True, amount=round(error_deg, 3))
