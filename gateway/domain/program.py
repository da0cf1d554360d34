"""A beam as a machine delivers it: control points and the timed path through them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.machine import BeamMode
from gateway.domain.units import FloatArray


@dataclass(frozen=True, slots=True)
class PathProfile:
    """The path parameter s(t) as pieces of constant acceleration.

    s counts control points (s = 2.5 is half way from control point 2 to 3). Piece i starts at
    ``time_s[i]`` with position ``s[i]``, speed ``speed[i]`` (1/s) and acceleration
    ``acceleration[i]`` (1/s2) and lasts until the next piece; the last ends at ``duration_s``.
    """

    time_s: FloatArray
    s: FloatArray
    speed: FloatArray
    acceleration: FloatArray
    duration_s: float

    def s_at(self, time_s: FloatArray) -> FloatArray:
        """Path position at each time (s), clamped to the two ends."""
        t = np.clip(time_s, 0.0, self.duration_s)
        piece = np.clip(np.searchsorted(self.time_s, t, side="right") - 1, 0, None)
        dt = t - self.time_s[piece]
        position: FloatArray = (
            self.s[piece] + (self.speed[piece] + 0.5 * self.acceleration[piece] * dt) * dt
        )
        return position


@dataclass(frozen=True, slots=True)
class MachineProgram:
    """What is loaded into the linac controller for one beam.

    ``positions`` is ``(n, layout.size)``: every axis of the machine at every control point, mm or
    degree, rotations continuous (unwrapped, within the machine's range), in ``layout`` order.
    ``meterset_mu`` is cumulative from ``start_meterset_mu`` (0 for a whole beam) to
    ``end_meterset_mu``. ``plan_control_point`` is the plan's 0-based control point index of each
    row as a float: a continuation starts between two of the plan's control points.
    ``verified`` names the axes whose read-back must agree before the beam: those the plan states.
    ``couch`` is where the couch translations must stand (empty: stay where they are).
    """

    beam_number: int
    beam_name: str
    mode: BeamMode
    layout: AxisLayout
    positions: FloatArray
    meterset_mu: FloatArray
    plan_control_point: FloatArray
    profile: PathProfile
    maximum_dose_rate_mu_per_min: float
    verified: frozenset[Axis]
    couch: Mapping[Axis, float]
    accessories: tuple[str, ...] = ()

    @property
    def start_meterset_mu(self) -> float:
        """Meterset of the plan's beam already delivered when this program starts."""
        return float(self.meterset_mu[0])

    @property
    def end_meterset_mu(self) -> float:
        """Meterset of the plan's beam when this program ends."""
        return float(self.meterset_mu[-1])

    def plan_control_point_at(self, s: float) -> float:
        """The plan's control point (fractional) at path position ``s`` of this program."""
        rows = np.arange(self.plan_control_point.size)
        return float(np.interp(s, rows, self.plan_control_point))
