"""One straight move of the couch drive, in closed form."""

import math
from dataclasses import dataclass

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Jog:
    """From rest or braking: ``start`` (mm, machine axes) along the unit vector ``direction``.

    The speed is a trapezoid over ``way_mm``: up from ``entry_speed`` with ``acceleration``, at
    ``cruise_speed``, and down to rest. mm, mm/s, mm/s2; ``start_s`` on the caller's clock.
    """

    start: Point
    direction: Point
    way_mm: float
    entry_speed: float
    cruise_speed: float
    acceleration: float
    start_s: float

    @property
    def _peak(self) -> float:
        reach = math.sqrt(0.5 * self.entry_speed**2 + self.acceleration * self.way_mm)
        return max(self.entry_speed, min(self.cruise_speed, reach))

    @property
    def _phases(self) -> tuple[float, float, float]:
        """How long it speeds up, cruises and brakes (s)."""
        peak = self._peak
        if peak == 0.0:
            return 0.0, 0.0, 0.0
        up_s = (peak - self.entry_speed) / self.acceleration
        down_s = peak / self.acceleration
        ramps_mm = 0.5 * (peak + self.entry_speed) * up_s + 0.5 * peak * down_s
        return up_s, max(self.way_mm - ramps_mm, 0.0) / peak, down_s

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.start_s + sum(self._phases)

    def speed_at(self, time_s: float) -> float:
        """Along its direction (mm/s)."""
        up_s, cruise_s, down_s = self._phases
        t = time_s - self.start_s
        if t < up_s:
            return self.entry_speed + self.acceleration * max(t, 0.0)
        return self.acceleration * min(max(up_s + cruise_s + down_s - t, 0.0), down_s)

    def travelled_at(self, time_s: float) -> float:
        """How far along its direction (mm)."""
        up_s, cruise_s, down_s = self._phases
        t = time_s - self.start_s
        up = min(max(t, 0.0), up_s)
        cruise = min(max(t - up_s, 0.0), cruise_s)
        down = min(max(t - up_s - cruise_s, 0.0), down_s)
        return (
            (self.entry_speed + 0.5 * self.acceleration * up) * up
            + self._peak * (cruise + down)
            - 0.5 * self.acceleration * down**2
        )

    def at(self, time_s: float) -> Point:
        """Where the drive stands (mm)."""
        way = self.travelled_at(time_s)
        x, y, z = (
            start + way * unit for start, unit in zip(self.start, self.direction, strict=True)
        )
        return x, y, z

    def braked(self, time_s: float) -> "Jog":
        """The move that comes to rest as soon as it can from ``time_s`` on."""
        speed = self.speed_at(time_s)
        way = min(
            speed**2 / (2.0 * self.acceleration), max(self.way_mm - self.travelled_at(time_s), 0.0)
        )
        return Jog(self.at(time_s), self.direction, way, speed, speed, self.acceleration, time_s)


def jog_between(
    start: Point, target: Point, feed: float, speeds: Point, accelerations: Point, start_s: float
) -> Jog:
    """The move from rest at ``start`` to rest at ``target``: no axis beyond its limits.

    ``feed`` (mm/s) is along the line; ``speeds`` and ``accelerations`` are each axis' own.
    """
    deltas = [b - a for a, b in zip(start, target, strict=True)]
    way = math.sqrt(sum(delta**2 for delta in deltas))
    if way == 0.0:
        return Jog(start, (0.0, 0.0, 0.0), 0.0, 0.0, 0.0, 1.0, start_s)
    x, y, z = (delta / way for delta in deltas)
    shares = [abs(unit) for unit in (x, y, z)]
    cruise = min(
        [feed, *(limit / share for limit, share in zip(speeds, shares, strict=True) if share)]
    )
    acceleration = min(
        limit / share for limit, share in zip(accelerations, shares, strict=True) if share
    )
    return Jog(start, (x, y, z), way, 0.0, cruise, acceleration, start_s)
