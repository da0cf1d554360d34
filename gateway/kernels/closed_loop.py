"""A machine's closed loop over a whole beam: path clock, servo, encoders, hold and pulses.

Cycle by cycle, as a controller does it: the path's clock goes on only while every encoder reads
its target within the hold tolerance; else the beam is held without dose until it does. Sums are
taken in the order in which the simulated controller takes them, so that both give the same bits.
"""

import math

import numpy as np
import numpy.typing as npt

from gateway.domain.units import WIRE_UNITS_PER_MM, FloatArray
from gateway.kernels.compiled import compiled

BEAM_ON, HELD, COMPLETE = 4, 5, 6
"""What a cycle ends in."""
S, METERSET_MU, CLOCK_S = range(3)
"""Columns of what is kept of each cycle: path position, counter, path clock."""
_UMU_PER_MU = 1e6
_ROUNDING = 1e-9
"""A pulse that is due to this part of itself is given."""
_AT_REST = 1e-7

States = npt.NDArray[np.int8]
Readings = npt.NDArray[np.int32]


@compiled
def run_closed_loop(
    rows: FloatArray,
    metersets_mu: FloatArray,
    pieces: FloatArray,
    ends: FloatArray,
    dose: FloatArray,
    servo: FloatArray,
    encoder: FloatArray,
    tolerance_counts: FloatArray,
    noise: FloatArray,
    first_noise: int,
    offset: FloatArray,
    stuck_from_s: FloatArray,
    lag: FloatArray,
    state: States,
    cycles: FloatArray,
    expected: FloatArray,
    actual: FloatArray,
    readings: Readings,
) -> int:
    """Fill ``state`` to ``readings`` cycle by cycle; returns how many were needed, at most all.

    ``rows`` (n, axes) in mm or degree and ``metersets_mu`` (n,) are linear in s; ``pieces`` (k, 4)
    are time, s, speed, acceleration. ``ends``: duration and cycle (s), MU beyond the end and their
    rate (MU/s). ``dose``: start and MU per pulse. ``servo``: decay and gain of a cycle.
    ``encoder``: steps per mm and counts per step. ``noise`` (pool, axes) in steps is walked through
    from ``first_noise``. ``offset`` (2, axes): from which s, and by how much an axis stands aside.
    An axis stays where it is from ``stuck_from_s`` (axes,) on. ``lag`` (2, axes): from which s,
    and what share of the way an axis goes in a cycle. A fault that is not there is from infinity.
    """
    axes = rows.shape[1]
    target, error = rows[0].copy(), np.zeros(axes)
    faulty = np.flatnonzero(
        np.isfinite(offset[0]) | np.isfinite(stuck_from_s) | np.isfinite(lag[0])
    )
    memory = np.full((2, axes), np.nan)
    clock_s, s, held, pulses = 0.0, 0.0, False, 0
    resting = True
    whole = encoder[1] == math.floor(encoder[1])
    for cycle in range(state.size):
        ended = False
        if held:
            resting = resting or _settle(error, servo[0])
        else:
            clock_s += ends[1]
            s = _s_at(pieces, ends[0], rows.shape[0] - 1.0, clock_s)
            _follow(rows, s, servo, target, error)
            resting = False
            pulses, ended = _pulses_due(metersets_mu, s, clock_s, ends, dose, pulses)
        place = (first_noise + cycle) % noise.shape[0]
        for axis in range(axes):
            expected[cycle, axis] = target[axis]
            actual[cycle, axis] = target[axis] - error[axis]
        for fault in range(faulty.size):
            _disturb(actual[cycle], int(faulty[fault]), s, offset, stuck_from_s, lag, memory)
        inside = _read(
            actual[cycle], noise[place], encoder, whole, target, tolerance_counts, readings[cycle]
        )
        cycles[cycle, S] = s
        cycles[cycle, METERSET_MU] = (
            np.rint((dose[0] + pulses * dose[1]) * _UMU_PER_MU) / _UMU_PER_MU
        )
        cycles[cycle, CLOCK_S] = clock_s
        if ended:
            state[cycle] = COMPLETE
            return cycle + 1
        held = not inside
        state[cycle] = HELD if held else BEAM_ON
    return state.size


@compiled
def _s_at(pieces: FloatArray, duration_s: float, end_s: float, clock_s: float) -> float:
    if clock_s >= duration_s:
        return end_s
    piece = np.searchsorted(pieces[:, 0], clock_s, side="right") - 1
    dt = clock_s - pieces[piece, 0]
    s = pieces[piece, 1] + (pieces[piece, 2] + 0.5 * pieces[piece, 3] * dt) * dt
    return float(min(max(s, 0.0), end_s))


@compiled
def _follow(
    rows: FloatArray, s: float, servo: FloatArray, target: FloatArray, error: FloatArray
) -> None:
    """The target goes to ``s``; what the axes lack changes by a first-order lag."""
    row = min(int(s), rows.shape[0] - 2)
    share = s - row
    for axis in range(target.size):
        to = (rows[row + 1, axis] - rows[row, axis]) * share + rows[row, axis]
        error[axis] = error[axis] * servo[0] + (to - target[axis]) * servo[1]
        target[axis] = to


@compiled
def _settle(error: FloatArray, decay: float) -> bool:
    """A cycle with a target that stands still; whether the axes have come to rest."""
    largest = 0.0
    for axis in range(error.size):
        error[axis] *= decay
        largest = max(largest, abs(error[axis]))
    if largest < _AT_REST:
        error[:] = 0.0
        return True
    return False


@compiled
def _pulses_due(
    metersets_mu: FloatArray,
    s: float,
    clock_s: float,
    ends: FloatArray,
    dose: FloatArray,
    given: int,
) -> tuple[int, bool]:
    """The pulses given by the end of the cycle, and whether they are the last."""
    over_s = clock_s - ends[0]
    if over_s < 0.0:
        row = min(int(s), metersets_mu.size - 2)
        due_mu = metersets_mu[row] + (metersets_mu[row + 1] - metersets_mu[row]) * (s - row)
        return max(given, math.floor((due_mu - dose[0]) / dose[1] + _ROUNDING)), False
    over_mu = min(ends[2], over_s * ends[3])
    ended = over_mu >= ends[2]
    pulses = (metersets_mu[-1] + over_mu - dose[0]) / dose[1]
    return max(given, math.floor(pulses + (0.5 if ended else _ROUNDING))), ended


@compiled
def _disturb(
    actual: FloatArray,
    axis: int,
    s: float,
    offset: FloatArray,
    stuck_from_s: FloatArray,
    lag: FloatArray,
    memory: FloatArray,
) -> None:
    """Alter where one axis really stands: it trails, stands aside, or is stuck."""
    if s >= lag[0, axis]:
        if math.isnan(memory[0, axis]):
            memory[0, axis] = actual[axis]
        memory[0, axis] += (actual[axis] - memory[0, axis]) * lag[1, axis]
        actual[axis] = memory[0, axis]
    if s >= offset[0, axis]:
        actual[axis] += offset[1, axis]
    if s >= stuck_from_s[axis]:
        if math.isnan(memory[1, axis]):
            memory[1, axis] = actual[axis]
        actual[axis] = memory[1, axis]


@compiled
def _read(
    actual: FloatArray,
    noise: FloatArray,
    encoder: FloatArray,
    whole: bool,
    target: FloatArray,
    tolerance_counts: FloatArray,
    readings: Readings,
) -> bool:
    """The encoders' readings; whether all are within their tolerance of the target."""
    outside = 0
    for axis in range(actual.size):
        counts = np.rint(actual[axis] * encoder[0] + noise[axis]) * encoder[1]
        if not whole:
            counts = np.rint(counts)
        readings[axis] = np.int32(counts)
        outside |= abs(target[axis] * WIRE_UNITS_PER_MM - counts) > tolerance_counts[axis]
    return not outside
