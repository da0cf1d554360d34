"""What must hold of every compiled program, whatever the beam."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.program import MachineProgram
from gateway.domain.room import Room
from gateway.domain.units import FloatArray
from gateway.planning.envelope import Envelope, envelope

ROUNDING = 1e-9
"""Relative; sums of a few thousand doubles lose some 1e-13."""


@dataclass(frozen=True)
class Pieces:
    """Each piece of a profile: its segment, u at both ends, and how far it goes.

    ``unsure_u`` is what the rounding of times (and the 1e-12 s below which pieces are left out) can
    make of u.
    """

    segment: np.ndarray
    start_s: FloatArray
    end_s: FloatArray
    start_u: FloatArray
    end_u: FloatArray
    acceleration: FloatArray
    unsure_u: FloatArray


def pieces(program: MachineProgram) -> Pieces:
    profile = program.profile
    dt = np.diff(np.append(profile.time_s, profile.duration_s))
    end_s = profile.s + (profile.speed + 0.5 * profile.acceleration * dt) * dt
    segment = np.floor(0.5 * (profile.s + end_s)).astype(int)
    end_u = profile.speed + profile.acceleration * dt
    unsure_u = np.abs(profile.acceleration) * (2 * np.spacing(profile.duration_s) + 2e-12)
    return Pieces(segment, profile.s, end_s, profile.speed, end_u, profile.acceleration, unsure_u)


def assert_sound(program: MachineProgram, room: Room) -> None:
    """The path is whole, and no speed, acceleration, range or dose rate limit is exceeded."""
    limits, parts = envelope(room.machine), pieces(program)
    _assert_whole(program, parts)
    _assert_in_range(program, limits)
    _assert_speeds(program, limits, parts)
    _assert_accelerations(program, limits, parts)
    _assert_no_steps(program, limits, parts, room.machine.sample_period_s)


def _assert_whole(program: MachineProgram, parts: Pieces) -> None:
    rows = program.positions.shape[0]
    assert program.meterset_mu.shape == program.plan_control_point.shape == (rows,)
    assert program.positions.shape[1] == program.layout.size
    assert (np.diff(program.meterset_mu) >= 0).all()
    assert program.profile.time_s[0] == 0
    assert (np.diff(program.profile.time_s) > 0).all()
    starts = np.append(parts.start_s, rows - 1)
    assert starts[0] == 0
    # u is at most 1,000/s and pieces under 1e-12 s are left out
    np.testing.assert_allclose(parts.end_s, starts[1:], rtol=0, atol=5e-9)
    for row in range(rows - 1):
        assert np.isclose(parts.start_s, row, rtol=0, atol=5e-9).any()
    assert (np.minimum(parts.start_u, parts.end_u) >= -1e-6).all()


def _assert_in_range(program: MachineProgram, limits: Envelope) -> None:
    assert (program.positions >= limits.minimum).all()
    assert (program.positions <= limits.maximum).all()


def _assert_speeds(program: MachineProgram, limits: Envelope, parts: Pieces) -> None:
    way = np.abs(np.diff(program.positions, axis=0))[parts.segment]
    fastest = np.maximum(parts.start_u, parts.end_u - parts.unsure_u)
    assert (way * fastest[:, np.newaxis] <= limits.speed * (1 + ROUNDING) + ROUNDING).all()
    dose = np.diff(program.meterset_mu)[parts.segment] * fastest * 60.0
    assert (dose <= program.maximum_dose_rate_mu_per_min * (1 + ROUNDING)).all()


def _assert_accelerations(program: MachineProgram, limits: Envelope, parts: Pieces) -> None:
    way = np.abs(np.diff(program.positions, axis=0))[parts.segment]
    off = (np.diff(program.meterset_mu) <= 0)[parts.segment]
    used = way * np.abs(parts.acceleration)[:, np.newaxis]
    judged = limits.turns | off[:, np.newaxis]
    assert (used <= np.where(judged, limits.acceleration * (1 + ROUNDING), np.inf)).all()


def _assert_no_steps(
    program: MachineProgram, limits: Envelope, parts: Pieces, corner_s: float
) -> None:
    """Speeds of rotations, and of everything in beam-off moves, are continuous.

    Where several rotations change course at one row, a step of what they make up in one cycle
    is allowed; a single rotation has none.
    """
    way = np.diff(program.positions, axis=0)
    off = np.diff(program.meterset_mu) <= 0
    start = way[parts.segment] * parts.start_u[:, np.newaxis]
    end = way[parts.segment] * parts.end_u[:, np.newaxis]
    start_judged = limits.turns | off[parts.segment][:, np.newaxis]
    start, end = np.where(start_judged, start, 0.0), np.where(start_judged, end, 0.0)
    rest = np.zeros((1, start.shape[1]))
    steps = np.abs(np.vstack((start, rest)) - np.vstack((rest, end)))
    unsure = (np.abs(way[parts.segment]) * parts.unsure_u[:, np.newaxis]).max(axis=0)
    alone = np.count_nonzero(np.ptp(program.positions[:, limits.turns], axis=0)) <= 1
    allowed = 0.0 if alone else limits.acceleration * corner_s
    assert (steps <= allowed + unsure + ROUNDING * limits.speed).all()
