"""Trajectory logs in IEC 61217, for both scales and for automated deliveries."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.formats.trajectory_log import (
    LogAxis,
    Scale,
    SubBeam,
    TrajectoryLog,
    read_trajectory_log,
)
from gateway.formats.trajectory_log.motion import actual_trajectories, expected_trajectories
from tests import realdata

AXES = (*((axis, 1) for axis in LogAxis if axis < LogAxis.MLC), (LogAxis.MLC, 122))
COLUMN = {axis: place for place, (axis, _) in enumerate(AXES)}
MACHINE_SCALE = {
    LogAxis.GANTRY: 90.0, LogAxis.COLLIMATOR: 170.0, LogAxis.COUCH_ROTATION: 200.0,
    LogAxis.COUCH_VERTICAL: 112.5, LogAxis.COUCH_LONGITUDINAL: 80.0, LogAxis.COUCH_LATERAL: 99.0,
    LogAxis.X1: 5.0, LogAxis.X2: 6.0, LogAxis.Y1: 7.0, LogAxis.Y2: -8.0,
}  # fmt: skip
MODIFIED_IEC = MACHINE_SCALE | {
    LogAxis.GANTRY: 90.0, LogAxis.COLLIMATOR: 10.0, LogAxis.COUCH_ROTATION: 20.0,
    LogAxis.COUCH_VERTICAL: 12.5, LogAxis.COUCH_LATERAL: 999.0,
}  # fmt: skip
IEC_61217 = {
    Axis.GANTRY: 90.0, Axis.COLLIMATOR: 10.0, Axis.COUCH_ROTATION: 340.0,
    Axis.COUCH_VERTICAL: -125.0, Axis.COUCH_LONGITUDINAL: 800.0, Axis.COUCH_LATERAL: -10.0,
    Axis.X1: -50.0, Axis.X2: 60.0, Axis.Y1: -70.0, Axis.Y2: -80.0,
}  # fmt: skip


def log(scale: Scale, positions: dict[LogAxis, float]) -> TrajectoryLog:
    values = np.zeros((4, sum(samples for _, samples in AXES)), dtype=np.float32)
    for axis, value in positions.items():
        values[:, COLUMN[axis]] = value
    values[:, COLUMN[LogAxis.METERSET]] = [0, 5, 10, 10]
    values[:, COLUMN[LogAxis.CONTROL_POINT]] = [0, 0.5, 1, 1]
    values[:, COLUMN[LogAxis.BEAM_HOLD]] = [2, 0, 0, 3]
    mlc = COLUMN[LogAxis.MLC]
    values[:, mlc + 2 : mlc + 62] = 3.0 + np.arange(60) / 100
    values[:, mlc + 62 :] = 1.0 + np.arange(60) / 100
    beams = (SubBeam(0, 10.0, 1.0, 0, b"Arc"),)
    return TrajectoryLog("3.0", 20, AXES, scale, 0, 2, b"", beams, values, values)


@pytest.mark.parametrize(
    ("scale", "positions"),
    [(Scale.MACHINE, MACHINE_SCALE), (Scale.MODIFIED_IEC_61217, MODIFIED_IEC)],
)
def test_both_scales_are_one_machine(scale: Scale, positions: dict[LogAxis, float]) -> None:
    (beam,) = actual_trajectories(log(scale, positions))
    found = {axis: round(float(beam.axes[axis][0]), 3) for axis in IEC_61217}
    assert found == IEC_61217
    assert beam.time_s.tolist() == [0.0, 0.02, 0.04, 0.06]
    assert beam.beam_on.tolist() == [False, True, True, False]
    assert beam.held.tolist() == [True, False, False, False]


def test_bank_b_is_the_negative_side() -> None:
    (beam,) = actual_trajectories(log(Scale.MACHINE, MACHINE_SCALE))
    leaves = beam.leaves["MLCX"][0]
    np.testing.assert_allclose(leaves[[0, 59, 60, 119]], [-10.0, -15.9, 30.0, 35.9], atol=1e-5)


def test_joined_beams_are_told_apart() -> None:
    one = log(Scale.MACHINE, MACHINE_SCALE)
    values = np.tile(one.expected, (2, 1))
    values[4:, COLUMN[LogAxis.METERSET]] += 10
    values[4:, COLUMN[LogAxis.CONTROL_POINT]] += 2
    beams = (SubBeam(0, 10.0, 1.0, 0, b"1"), SubBeam(1, 10.0, 1.0, 1, b"2"))
    first, second = actual_trajectories(
        replace(one, sub_beams=beams, expected=values, actual=values)
    )
    np.testing.assert_array_equal(first.meterset_mu, second.meterset_mu)
    np.testing.assert_array_equal(first.control_point, second.control_point)


@pytest.mark.peer
@pytest.mark.parametrize(
    "path", sorted((realdata.ROOT / "trajectory_log").glob("*.bin")), ids=lambda path: path.name
)
def test_real_logs_followed_what_was_asked(path: object) -> None:
    """TrueBeam logs have 0.03 to 0.07 mm of leaf RMS in the literature (s13014-022-02097-0)."""
    content = realdata.real_data(str(path)).read_bytes()
    read = read_trajectory_log(content)
    for asked, done in zip(expected_trajectories(read), actual_trajectories(read), strict=True):
        error = done.leaves["MLCX"] - asked.leaves["MLCX"]
        assert np.sqrt((error**2).mean()) < 0.1
        assert done.meterset_mu[-1] == pytest.approx(asked.meterset_mu[-1], abs=0.05)
