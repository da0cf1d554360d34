"""Programs as trajectories, and as a timeline for people."""

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.planning.compile import compile_beam, planned_trajectory, sample_program, timeline
from gateway.planning.timeline import HEADER, timeline_rows
from gateway.planning.trajectory import times_at
from tests.planning.builders import aperture, beam, room

ARC = beam(
    [0.0, 0.2, 0.6, 1.0],
    axes={Axis.GANTRY: [10.0, 20.0, 60.0, 61.0], Axis.COUCH_LATERAL: 5.0},
    rotation={Axis.GANTRY: "CW"},
)
STEP = beam(
    [0.0, 0.4, 0.4, 1.0],
    leaves={"MLCX": np.array([aperture(60, w) for w in (10.0, 10.0, 40.0, 40.0)])},
)
ROUNDING_S = 1e-9


def test_planned_rows_hold_every_control_point_and_are_linear_between():
    program = compile_beam(ARC, room())
    planned = planned_trajectory(program)
    assert planned.source == "plan"
    assert {0.0, 1.0, 2.0, 3.0} <= set(planned.control_point.tolist())
    assert (np.diff(planned.control_point) > 0).all()
    assert (np.diff(planned.time_s) > 0).all()
    assert planned.time_s[-1] == program.profile.duration_s
    gantry = np.interp(planned.control_point, [0, 1, 2, 3], [10.0, 20.0, 60.0, 61.0])
    np.testing.assert_allclose(planned.axes[Axis.GANTRY], gantry, rtol=0, atol=1e-9)
    meterset = np.interp(planned.control_point, [0, 1, 2, 3], [0.0, 20.0, 60.0, 100.0])
    np.testing.assert_allclose(planned.meterset_mu, meterset, rtol=0, atol=1e-9)
    assert (planned.axes[Axis.COUCH_LATERAL] == 5.0).all()
    assert planned.leaves["MLCX"].shape == (planned.time_s.size, 120)
    assert not planned.meterset_mu.flags.writeable
    assert not planned.leaves["MLCX"].flags.writeable


@pytest.mark.parametrize("item", [ARC, STEP])
def test_times_are_the_inverse_of_the_path(item):
    program = compile_beam(item, room())
    s = np.linspace(0.0, program.positions.shape[0] - 1, 501)
    time_s = times_at(program, s)
    np.testing.assert_allclose(program.profile.s_at(time_s), s, rtol=0, atol=1e-7)
    assert (np.diff(time_s) > 0).all()


@pytest.mark.parametrize("item", [ARC, STEP])
def test_samples_are_evenly_timed_and_end_with_the_beam(item):
    program = compile_beam(item, room())
    sampled = sample_program(program, 0.02)
    steps = np.diff(sampled.time_s)
    np.testing.assert_allclose(steps[:-1], 0.02, rtol=0, atol=ROUNDING_S)
    assert 0 < steps[-1] <= 0.02 + ROUNDING_S
    assert sampled.time_s[-1] == program.profile.duration_s
    assert sampled.meterset_mu[0] == 0.0
    assert sampled.meterset_mu[-1] == pytest.approx(100.0, abs=1e-9)
    assert (np.diff(sampled.meterset_mu) >= -1e-12).all()
    rate = np.diff(sampled.meterset_mu) / steps * 60.0
    assert rate.max() <= 600.0 * (1 + 1e-6)


def test_the_beam_is_off_while_leaves_move_between_segments():
    program = compile_beam(STEP, room())
    sampled = sample_program(program, 0.01)
    moving = np.abs(np.diff(sampled.leaves["MLCX"][:, 0], append=0.0)) > 1e-9
    moving[-1] = False
    assert moving.any()
    assert not sampled.beam_on[1:][moving[1:] & moving[:-1]].any()
    off_s = 0.01 * np.count_nonzero(~sampled.beam_on)
    # the move of 30 mm at 25 mm/s and 500 mm/s2 lasts 1.25 s, give or take a sample at each end
    assert off_s == pytest.approx(1.25, abs=0.03)
    assert not sampled.held.any()


def test_a_remainder_keeps_the_plans_control_points():
    program = compile_beam(ARC, room(), start_meterset_mu=40.0)
    planned = planned_trajectory(program)
    assert planned.control_point[0] == 1.5
    assert planned.control_point[-1] == 3.0
    assert planned.meterset_mu[0] == 40.0


def test_the_timeline_names_what_limits_each_segment():
    program = compile_beam(STEP, room())
    rows = timeline_rows(program, room().machine)
    assert [row.limited_by for row in rows] == [
        "dose rate",
        "MLCX_X1_01, acceleration",
        "dose rate",
        "",
    ]
    assert [row.meterset_mu for row in rows] == [0.0, 40.0, 40.0, 100.0]
    np.testing.assert_allclose([row.time_s for row in rows], [0.0, 4.0, 5.25, 11.25], atol=1e-9)
    np.testing.assert_allclose(
        [row.dose_rate_mu_per_min for row in rows], [600.0, 0.0, 600.0, 0.0], atol=1e-6
    )
    fast = beam(axes={Axis.GANTRY: [0.0, 170.0]}, rotation={Axis.GANTRY: "CW"}, meterset_mu=5.0)
    (way, end) = timeline_rows(compile_beam(fast, room()), room().machine)
    assert way.limited_by.startswith("gantry")
    assert way.gantry_speed == pytest.approx(170.0 / (170.0 / 6.0 + 1.0), abs=1e-9)
    assert end.gantry_deg == 170.0
    lines = timeline(program, room().machine)
    assert lines[0] == HEADER
    assert len(lines) == 5
    assert "MLCX_X1_01" in lines[2]
