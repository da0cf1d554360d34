"""Continuations: exactly what remains."""

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.domain.errors import PlanRejected
from gateway.planning.compile import compile_beam
from tests.planning.builders import aperture, beam, room

NARROW, WIDE = aperture(60, 10.0), aperture(60, 40.0)


def step_and_shoot():
    leaves = np.array([NARROW, NARROW, WIDE, WIDE])
    return beam([0.0, 0.4, 0.4, 1.0], leaves={"MLCX": leaves})


def test_from_nothing_it_is_the_whole_beam():
    whole, again = (
        compile_beam(step_and_shoot(), room()),
        compile_beam(step_and_shoot(), room(), start_meterset_mu=0.0),
    )
    np.testing.assert_array_equal(whole.positions, again.positions)
    np.testing.assert_array_equal(whole.profile.time_s, again.profile.time_s)
    assert whole.plan_control_point.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_between_two_control_points_the_first_row_is_interpolated():
    item = beam(axes={Axis.GANTRY: [0.0, 90.0]}, rotation={Axis.GANTRY: "CW"})
    program = compile_beam(item, room(), start_meterset_mu=25.0)
    assert program.plan_control_point.tolist() == [0.25, 1.0]
    assert program.positions[:, 0].tolist() == [22.5, 90.0]
    assert program.meterset_mu.tolist() == [25.0, 100.0]
    assert program.plan_control_point_at(0.5) == pytest.approx(0.625)


def test_a_move_that_was_due_at_that_meterset_is_made_before_the_beam():
    program = compile_beam(step_and_shoot(), room(), start_meterset_mu=40.0)
    assert program.plan_control_point.tolist() == [2.0, 3.0]
    np.testing.assert_array_equal(program.positions[0, program.layout.mlc_slices["MLCX"]], WIDE)
    assert program.profile.duration_s == pytest.approx(6.0, abs=1e-9)


@pytest.mark.parametrize("start_mu", [100.0, 100.1, -1.0, float("nan")])
def test_outside_of_the_beam_nothing_remains(start_mu):
    with pytest.raises(PlanRejected, match="nothing-remains"):
        compile_beam(step_and_shoot(), room(), start_meterset_mu=start_mu)


def test_a_beam_that_ends_in_a_move_has_nothing_left_after_its_last_meterset():
    item = beam([0.0, 1.0, 1.0], leaves={"MLCX": np.array([NARROW, NARROW, WIDE])})
    with pytest.raises(PlanRejected, match="nothing-remains"):
        compile_beam(item, room(), start_meterset_mu=100.0)
