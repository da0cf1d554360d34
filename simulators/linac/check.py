"""Which programs the controller refuses before it moves anything."""

import numpy as np

from gateway.domain.axes import AxisLayout
from gateway.domain.units import FloatArray
from simulators.linac.envelope import Envelope
from simulators.linac.messages import NakCode
from simulators.linac.path import Path
from simulators.linac.program import Program, Refusal

_ROUNDING_SHARE = 1.01
_WIRE_STEP = 0.001
_SEAM = 1e-5
"""How far (in s, or 1/s) a piece may end from where the next begins."""


def check_program(program: Program, limits: Envelope, layout: AxisLayout) -> None:
    """Raises Refusal (BAD_PROGRAM, LIMIT) for a program that this machine cannot follow."""
    _check_finite(program.path)
    _check_ascent(program.path)
    check_limits(program, limits, layout)


def check_limits(program: Program, limits: Envelope, layout: AxisLayout) -> None:
    """Raises Refusal (LIMIT) where an axis leaves its range or anything is too fast."""
    _check_range(program.path.rows, limits, layout)
    _check_speed(program.path, limits, layout)
    _check_dose_rate(program)


def _bad(text: str) -> Refusal:
    return Refusal(NakCode.BAD_PROGRAM, text)


def _check_finite(path: Path) -> None:
    if not (np.isfinite(path.pieces).all() and np.isfinite(path.duration_s)):
        raise _bad("the profile has a value that is not finite")


def _check_ascent(path: Path) -> None:
    time_s, s, speed, _ = path.pieces.T
    ends = path.ends()
    if path.meterset_mu[0] < 0.0 or (np.diff(path.meterset_mu) < 0.0).any():
        raise _bad("the meterset descends")
    if time_s[0] != 0.0 or (np.diff(time_s) < 0.0).any() or path.duration_s < time_s[-1]:
        raise _bad("the profile's times do not ascend from 0 to its duration")
    if (speed < -_SEAM).any() or (ends[:, 1] < -_SEAM).any():
        raise _bad("the path goes back")
    starts = np.append(s[1:], path.end_s)
    if abs(s[0]) > _SEAM or (np.abs(ends[:, 0] - starts) > _SEAM).any():
        raise _bad(f"the path does not go without a jump from 0 to {path.end_s:g}")


def _check_range(rows: FloatArray, limits: Envelope, layout: AxisLayout) -> None:
    outside = (rows < limits.minimum - _WIRE_STEP) | (rows > limits.maximum + _WIRE_STEP)
    if outside.any():
        row, column = map(int, np.argwhere(outside)[0])
        raise Refusal(
            NakCode.LIMIT,
            f"{layout.names[column]} at {rows[row, column]:.3f} in control point {row}, range "
            f"{limits.minimum[column]:g} to {limits.maximum[column]:g}",
        )


def _check_speed(path: Path, limits: Envelope, layout: AxisLayout) -> None:
    way = np.maximum(np.abs(np.diff(path.rows, axis=0)) - _WIRE_STEP, 0.0)
    speed = way * path.peak_speeds()[:, np.newaxis]
    fast = speed > limits.speed * _ROUNDING_SHARE
    if fast.any():
        row, column = map(int, np.argwhere(fast)[0])
        raise Refusal(
            NakCode.LIMIT,
            f"{layout.names[column]} at {speed[row, column]:.3f} per second after control point "
            f"{row}, at most {limits.speed[column]:g}",
        )


def _check_dose_rate(program: Program) -> None:
    allowed = program.mode.maximum_dose_rate_mu_per_min * _ROUNDING_SHARE
    asked = program.maximum_dose_rate_mu_per_min
    if asked > allowed:
        raise Refusal(
            NakCode.LIMIT, f"{asked:g} MU/min asked, {program.mode.name} gives {allowed:g} at most"
        )
    path = program.path
    rate = np.diff(path.meterset_mu) * path.peak_speeds() * 60.0
    if (rate > asked * _ROUNDING_SHARE).any():
        row = int(np.argmax(rate))
        raise Refusal(
            NakCode.LIMIT,
            f"{rate[row]:.1f} MU/min after control point {row}, at most {asked:g}",
        )
