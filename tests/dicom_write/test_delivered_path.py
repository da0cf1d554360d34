"""Measured motion is found where the machine first got there."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dicom.delivered_path import DeliveredPath, at_rows
from gateway.domain.axes import Axis
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import frozen


def trajectory(points: list[float], on: list[bool]) -> Trajectory:
    n = len(points)
    return Trajectory(
        beam_number=1,
        source="telemetry",
        time_s=frozen(np.arange(n) * 0.5),
        meterset_mu=frozen(np.array(points) * 10.0),
        control_point=frozen(points),
        axes={Axis.GANTRY: frozen(np.array(points) * 2.0)},
        leaves={"MLCX": frozen(np.outer(points, [1.0, -1.0]))},
        beam_on=np.array(on),
        held=~np.array(on),
    )


def test_a_hold_counts_at_its_first_moment_and_not_as_beam_time() -> None:
    path = DeliveredPath.of(trajectory([0, 0, 1, 1, 1, 2], [False, True, True, False, False, True]))
    rows = path.rows_at_control_points(np.array([0.0, 1.0, 1.5, 2.0]))
    assert rows.tolist() == [0.0, 1.0, 3.5, 4.0]
    assert path.wait_s == 0.5
    assert path.on_time_s.tolist() == [0.0, 0.5, 0.5, 0.5, 1.0]


def test_what_was_not_reached_is_where_the_beam_stopped() -> None:
    path = DeliveredPath.of(trajectory([1.5, 2.0, 2.5], [True, True, True]))
    rows = path.rows_at_control_points(np.array([0.0, 2.0, 4.0]))
    assert rows.tolist() == [0.0, 1.0, 2.0]


def test_a_beam_that_was_never_on_is_kept_whole() -> None:
    path = DeliveredPath.of(trajectory([0, 0, 0], [False, False, False]))
    assert path.time_s.size == 3
    assert path.on_time_s[-1] == 0.0


def test_one_sample_is_enough() -> None:
    single = trajectory([0.0], [True])
    path = DeliveredPath.of(replace(single))
    assert path.rows_at_metersets(np.array([0.0, 5.0])).tolist() == [0.0, 0.0]


@given(
    st.lists(st.floats(0.0, 1.0), min_size=2, max_size=30),
    st.lists(st.floats(0.0, 30.0), min_size=1, max_size=10),
)
def test_rows_lead_back_to_the_control_point(steps: list[float], wanted: list[float]) -> None:
    points = np.cumsum(steps)
    path = DeliveredPath.of(trajectory(points.tolist(), [True] * len(steps)))
    asked = np.clip(np.array(wanted), points[0], points[-1])
    found = at_rows(path.control_point, path.rows_at_control_points(asked))
    # interpolation in double precision over values up to 30
    assert found == pytest.approx(asked, abs=1e-9)
