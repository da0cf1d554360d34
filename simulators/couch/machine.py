"""The couch's three-axis drive: moves, limits and states as Grbl 1.1 has them. No clock, no bytes.

Positions are the controller's own (X, Y, Z in mm). Jogs are carried out one after the other, each
from rest to rest.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from gateway.domain.axes import Axis
from gateway.domain.machine import CouchModel
from gateway.domain.room import CouchAxisMap
from gateway.domain.units import NS_PER_S
from simulators.couch.jog import Jog, Point, jog_between
from simulators.couch.jog_line import JogLine, LineError

QUEUE = 15
"""How many jogs the planner takes beside the one that runs."""
WIRE_AXES = "XYZ"

_OUT_OF_TRAVEL = 15
_NOT_IDLE = 8
_LOCKED = 9
_ALARM_HARD_LIMIT = 1
_ALARM_ABORTED = 3
_SWITCH_SLACK_MM = 0.5
"""How far beyond the travel the limit switches are."""


class CouchState(StrEnum):
    """The state as a status report names it."""

    IDLE = "Idle"
    JOG = "Jog"
    HOLD = "Hold:0"
    ALARM = "Alarm"


class CouchDrive:
    """The drive. ``position`` is where it stood when it was switched off (mm, X Y Z)."""

    def __init__(
        self, couch: CouchModel, axes: Mapping[Axis, CouchAxisMap], position: Point | None
    ) -> None:
        travel = dict.fromkeys(WIRE_AXES, (0.0, 0.0))
        speeds = dict.fromkeys(WIRE_AXES, 0.0)
        accelerations = dict.fromkeys(WIRE_AXES, 0.0)
        rest = dict.fromkeys(WIRE_AXES, 0.0)
        for axis, place in axes.items():
            limits = couch.axes[axis]
            ends = [place.sign * end + place.offset_mm for end in (limits.minimum, limits.maximum)]
            travel[place.wire_axis] = (min(ends), max(ends))
            speeds[place.wire_axis] = limits.speed
            accelerations[place.wire_axis] = limits.acceleration
            middle = min(max(0.0, limits.minimum), limits.maximum)
            rest[place.wire_axis] = place.sign * middle + place.offset_mm
        self.state = CouchState.IDLE
        self.travel = travel
        self._speeds = _point(speeds)
        self._accelerations = _point(accelerations)
        self._rest = _point(rest) if position is None else position
        self._jog: Jog | None = None
        self._queue: deque[tuple[Point, float]] = deque()
        self._time_s = 0.0
        self._resting = False

    @property
    def full(self) -> bool:
        """Whether the planner takes no further jog now."""
        return len(self._queue) >= QUEUE

    @property
    def position(self) -> Point:
        """Where the drive stands (mm)."""
        return self._rest if self._jog is None else self._jog.at(self._time_s)

    @property
    def speed(self) -> float:
        """Along the present move (mm/s)."""
        return 0.0 if self._jog is None else self._jog.speed_at(self._time_s)

    def next_event_at(self) -> int | None:
        """When the present move ends (ns)."""
        return None if self._jog is None else round(self._jog.end_s * NS_PER_S)

    def advance(self, t_ns: int) -> int | None:
        """Time goes on to ``t_ns``; returns the number of an alarm that came up."""
        end_s = t_ns / NS_PER_S
        while self._jog is not None and self._jog.end_s <= end_s:
            self._rest = self._jog.at(self._jog.end_s)
            self._time_s = self._jog.end_s
            self._jog = None
            self._start_next()
        self._time_s = max(self._time_s, end_s)
        if self._jog is None and self.state is CouchState.JOG:
            self.state = CouchState.IDLE
        if self.state is CouchState.ALARM or self._resting:
            return None
        self._resting = self._jog is None
        if not self._inside(self.position, slack_mm=_SWITCH_SLACK_MM):
            self._halt()
            self.state = CouchState.ALARM
            return _ALARM_HARD_LIMIT
        return None

    def jog(self, line: JogLine) -> None:
        """Queue a move. Raises LineError where Grbl refuses."""
        if self.state is CouchState.ALARM:
            raise LineError(_LOCKED)
        if self.state is CouchState.HOLD:
            raise LineError(_NOT_IDLE)
        start = self._planned()
        moves = {
            axis: value + (start[WIRE_AXES.index(axis)] if line.incremental else 0.0)
            for axis, value in line.axes.items()
        }
        target = _point(dict(zip(WIRE_AXES, start, strict=True)) | moves)
        if any(not self.reaches(axis, moves[axis]) for axis in moves):
            raise LineError(_OUT_OF_TRAVEL)
        self._queue.append((target, line.feed))
        self.state = CouchState.JOG
        self._resting = False
        if self._jog is None:
            self._start_next()

    def cancel(self) -> None:
        """Jog cancel: come to rest, forget what was queued."""
        self._queue.clear()
        if self._jog is not None:
            self._jog = self._jog.braked(self._time_s)

    def feed_hold(self) -> None:
        """Feed hold: cancels a jog, holds an idle drive."""
        if self.state is CouchState.JOG:
            self.cancel()
        elif self.state is CouchState.IDLE:
            self.state = CouchState.HOLD

    def cycle_start(self) -> None:
        """Resume from a hold."""
        if self.state is CouchState.HOLD:
            self.state = CouchState.IDLE

    def reset(self) -> int | None:
        """Soft reset; returns the number of the alarm when it came in motion."""
        moving = self._jog is not None
        self._halt()
        if moving:
            self.state = CouchState.ALARM
            return _ALARM_ABORTED
        if self.state is not CouchState.ALARM:
            self.state = CouchState.IDLE
        return None

    def unlock(self) -> bool:
        """Leave an alarm; False when there was none."""
        if self.state is not CouchState.ALARM:
            return False
        self.state = CouchState.IDLE
        return True

    def displace(self, axis: str, distance_mm: float) -> None:
        """Something moves the couch along ``axis``; the drive sees it, and a jog goes on."""
        self._resting = False
        if self._jog is None:
            self._rest = _moved(self._rest, axis, distance_mm)
        else:
            self._jog = replace(self._jog, start=_moved(self._jog.start, axis, distance_mm))

    def reaches(self, axis: str, position: float) -> bool:
        """Whether a position lies within the travel of ``axis``."""
        low, high = self.travel[axis]
        return low - 1e-6 <= position <= high + 1e-6

    def _planned(self) -> Point:
        if self._queue:
            return self._queue[-1][0]
        if self._jog is not None:
            return self._jog.at(self._jog.end_s)
        return self._rest

    def _start_next(self) -> None:
        if not self._queue:
            return
        target, feed = self._queue.popleft()
        self._jog = jog_between(
            self._rest, target, feed, self._speeds, self._accelerations, self._time_s
        )

    def _halt(self) -> None:
        self._rest = self.position
        self._jog = None
        self._queue.clear()

    def _inside(self, point: Point, slack_mm: float) -> bool:
        return all(
            low - slack_mm <= at <= high + slack_mm
            for at, (low, high) in zip(point, self.travel.values(), strict=True)
        )


def _point(values: Mapping[str, float]) -> Point:
    return values["X"], values["Y"], values["Z"]


def _moved(point: Point, axis: str, distance_mm: float) -> Point:
    values = dict(zip(WIRE_AXES, point, strict=True))
    values[axis] += distance_mm
    return _point(values)
