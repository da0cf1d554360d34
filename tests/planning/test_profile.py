"""Compiled programs keep every limit exactly, whatever the beam."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.axes import Axis
from gateway.domain.plan import Beam
from gateway.planning.compile import compile_beam
from simulators.linac.check import check_limits
from simulators.linac.envelope import envelope as controller_envelope
from simulators.linac.path import Path
from simulators.linac.program import Program
from tests.planning.builders import aperture, beam, room
from tests.planning.inspect_program import assert_sound

ROOMS = ("truebeam-m120", "halcyon", "agility")


@st.composite
def beams(draw: st.DrawFn) -> tuple[str, Beam]:
    """Rotations, jaws and leaves that move at random; segments without meterset among others."""
    name = draw(st.sampled_from(ROOMS))
    home = room(name)
    machine = home.machine
    steps = draw(
        st.lists(st.sampled_from([0.0, 0.0, 1e-6, 0.01, 0.3, 1.0, 5.0]), min_size=1, max_size=12)
    )
    steps[draw(st.integers(0, len(steps) - 1))] = 1.0
    weights = np.concatenate(([0.0], np.cumsum(steps))) / np.sum(steps)
    count = weights.size
    moves = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    axes = {Axis.GANTRY: _walk(moves, count, 170.0, draw(st.sampled_from([0.0, 0.001, 2.0, 20.0])))}
    axes[Axis.COLLIMATOR] = _walk(moves, count, 80.0, draw(st.sampled_from([0.0, 0.0, 3.0])))
    if not machine.fixed_jaws:
        axes[Axis.Y2] = 60.0 + _walk(moves, count, 30.0, draw(st.sampled_from([0.0, 10.0])))
    width = draw(st.sampled_from([0.0, 0.5, 30.0]))
    leaves = {
        mlc.type: np.array(
            [aperture(mlc.pairs, 5.0 + width * moves.random(mlc.pairs)) for _ in range(count)]
        )
        for mlc in machine.mlcs.values()
    }
    return name, beam(
        weights,
        of=home,
        axes={axis: course % 360.0 if axis.is_angle else course for axis, course in axes.items()}
        | _fixed(machine.fixed_jaws),
        leaves=leaves,
        meterset_mu=draw(st.floats(0.1, 3000.0)),
        fluence_mode="NON_STANDARD" if name == "halcyon" else "STANDARD",
        dose_rate_mu_per_min=draw(st.sampled_from([None, 40.0, 600.0])),
    )


def _walk(moves: np.random.Generator, count: int, limit: float, step: float) -> np.ndarray:
    return np.clip(np.cumsum(moves.normal(0.0, step, count)), -limit, limit)


def _fixed(fixed: bool) -> dict[Axis, float]:
    edges = {Axis.X1: -140.0, Axis.X2: 140.0, Axis.Y1: -140.0, Axis.Y2: 140.0}
    return edges if fixed else {}


@given(beams())
@settings(max_examples=150, deadline=None)
def test_no_limit_is_exceeded_and_the_path_is_whole(case):
    name, item = case
    program = compile_beam(item, room(name))
    assert_sound(program, room(name))
    assert program.end_meterset_mu == item.meterset_mu
    assert program.start_meterset_mu == 0.0


@given(beams(), st.floats(0.001, 0.999))
@settings(max_examples=100, deadline=None)
def test_a_remainder_is_as_sound_and_ends_where_the_beam_ends(case, share):
    name, item = case
    start_mu = share * item.meterset_mu
    program = compile_beam(item, room(name), start_meterset_mu=start_mu)
    assert_sound(program, room(name))
    assert program.start_meterset_mu == start_mu
    assert program.end_meterset_mu == item.meterset_mu
    assert (np.diff(program.plan_control_point) > 0).all()
    assert program.plan_control_point[-1] == item.control_point_count - 1


@given(beams())
@settings(max_examples=60, deadline=None)
def test_the_controller_accepts_every_program(case):
    name, item = case
    machine, program = room(name).machine, compile_beam(item, room(name))
    profile = program.profile
    controller = Program(
        b"\0" * 16,
        program.beam_number,
        program.beam_name,
        program.mode,
        program.accessories,
        program.maximum_dose_rate_mu_per_min,
        0,
        0,
        round(program.end_meterset_mu * 1e6),
        Path(
            program.positions,
            program.meterset_mu,
            np.column_stack((profile.time_s, profile.s, profile.speed, profile.acceleration)),
            profile.duration_s,
        ),
    )
    check_limits(controller, controller_envelope(machine), machine.layout)


@pytest.mark.parametrize("what", ["time_s", "speed", "acceleration", "s"])
def test_the_inspection_notices_a_profile_that_is_one_percent_off(what):
    item = beam(axes={Axis.GANTRY: [0.0, 120.0]}, rotation={Axis.GANTRY: "CW"}, meterset_mu=300.0)
    program = compile_beam(item, room())
    changed = {what: getattr(program.profile, what) * 1.01}
    if what == "time_s":
        changed["duration_s"] = program.profile.duration_s * 1.01
    with pytest.raises(AssertionError):
        assert_sound(replace(program, profile=replace(program.profile, **changed)), room())
