"""A gantry that trails: by backlash, or by a slower drive."""

import math

from gateway.domain.units import FloatArray
from simulators.ground_truth import Entry

_NOTE_STEP_DEG = 0.1


class TrailingGantry:
    """The gantry goes only when its target is ``deg`` ahead (backlash), while the beam is on."""

    def __init__(self, column: int, deg: float, entry: Entry) -> None:
        self._column = column
        self._deg = deg
        self._at: float | None = None
        self._worst = _Worst(entry)

    def disturb(self, actual: FloatArray, s: float, time_ns: int) -> None:
        """See MotionDisturbance."""
        if s < 0.0:
            return
        target = float(actual[self._column])
        if self._at is None:
            self._at = target
        self._at = min(max(self._at, target - self._deg), target + self._deg)
        actual[self._column] = self._at
        self._worst.note(self._at - target, time_ns)


class ShortGantry:
    """The gantry stops ``deg`` before the place it came for, in a beam in which it stands still."""

    def __init__(self, column: int, place_deg: float, deg: float, entry: Entry) -> None:
        self._column = column
        self._place_deg = place_deg
        self._deg = deg
        self._stop_deg: float | None = None
        self._worst = _Worst(entry)

    def disturb(self, actual: FloatArray, _s: float, time_ns: int) -> None:
        """See MotionDisturbance. It comes from where it stands first, from below if it is there."""
        target = float(actual[self._column])
        if self._stop_deg is None:
            below = target <= self._place_deg
            self._stop_deg = self._place_deg + (-self._deg if below else self._deg)
        if self._stop_deg < self._place_deg:
            stopped = min(target, self._stop_deg)
        else:
            stopped = max(target, self._stop_deg)
        actual[self._column] = stopped
        self._worst.note(stopped - target, time_ns)


class SlowGantry:
    """The gantry follows with a lag of ``seconds`` of its speed."""

    def __init__(self, column: int, seconds: float, cycle_s: float, entry: Entry) -> None:
        self._column = column
        self._share = 1.0 - math.exp(-cycle_s / seconds)
        self._at: float | None = None
        self._worst = _Worst(entry)

    def disturb(self, actual: FloatArray, s: float, time_ns: int) -> None:
        """See MotionDisturbance."""
        if s < 0.0:
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
