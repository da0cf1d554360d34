"""Errors are taken at delivered meterset; plateaus at their end; angles the short way round."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.axes import Axis
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import frozen
from gateway.reconcile import reconcile
from gateway.reconcile.alignment import dose_samples, matched_control_point
from gateway.reconcile.path import PlannedPath
from tests.reconcile.builders import MU_PER_PULSE, Machine, deliver, tolerances
from tests.reconcile.sketches import arc, sliding_window, static, step_and_shoot


def trajectory(meterset: list[float], place: list[float], on: list[bool]) -> Trajectory:
    """A beam of one axis that stands where its control point says."""
    return Trajectory(
        1,
        "made",
        frozen(np.arange(len(meterset)) * 0.02),
        frozen(meterset),
        frozen(place),
        {Axis.X1: frozen(place)},
        {},
        np.array(on),
        ~np.array(on),
    )


STEP = PlannedPath(
    frozen([0, 1, 2, 3]), frozen([0, 10, 10, 20]), frozen([0, 1, 2, 3]), frozen([[0, 0, 50, 50]])
)
"""10 MU, a beam-off move of 50 mm, 10 MU."""


def test_a_plateau_counts_once_at_its_end() -> None:
    """While the beam is off the axis travels; what counts is where it is when dose goes on."""
    delivered = trajectory(
        [0, 5, 10, 10, 10, 10, 15, 20], [0, 0.5, 1, 1.4, 1.8, 2, 2.5, 3], [True] * 8
    )
    assert np.flatnonzero(dose_samples(delivered)).tolist() == [0, 1, 5, 6, 7]
    matched = matched_control_point(delivered, STEP, MU_PER_PULSE)
    np.testing.assert_allclose(STEP.positions_at(matched)[0, 5:], 50.0)


def test_step_and_shoot_moves_make_no_error() -> None:
    """15 mm moves at 21.4 mm/s. Matched on meterset alone they would be errors of up to 15 mm.

    Sampled every 20 ms, a servo of 25 ms is 0.428 mm x f / (1 - f) behind, f = exp(-20/25).
    """
    evidence = deliver(step_and_shoot(), Machine(noise_mm=0.0, lag_s=0.025))
    motion = reconcile([evidence], tolerances()).beams[0].motion
    assert motion is not None
    share = np.exp(-20 / 25)
    assert motion.errors["MLCX"].maximum < 0.4286 * share / (1 - share) + 0.002


def test_a_path_runs_ahead_of_its_dose() -> None:
    """Dose says control point 0.5, the machine claims 0.9: the dose is believed."""
    delivered = trajectory([5.0], [0.9], [True])
    matched = matched_control_point(delivered, STEP, MU_PER_PULSE)
    assert matched[0] == pytest.approx(0.5, abs=1.1 * MU_PER_PULSE / 10)


def test_held_samples_count_only_with_dose() -> None:
    delivered = trajectory(
        [0, 4, 4.03, 4.03, 8], [0, 0.4, 0.4, 0.4, 0.8], [True, True, False, False, True]
    )
    assert np.flatnonzero(dose_samples(delivered)).tolist() == [0, 1, 2, 4]


@given(st.lists(st.floats(0, 3), min_size=1, max_size=20))
def test_planned_meterset_of_a_place_finds_the_place(places: list[float]) -> None:
    """A place lies between where its meterset is first and last had."""
    place = np.array(places)
    meterset = STEP.meterset_at(place)
    # rounding: 20 MU in 53 bits, over a slope of 10 MU a control point
    assert (STEP.first_at(meterset) <= place + 1e-12).all()
    assert (STEP.last_at(meterset) >= place - 1e-12).all()


def test_angles_wrap() -> None:
    """A gantry that reports 181 where the plan says -179 is where it should be."""
    sketch = arc(first_deg=-175.0)
    evidence = deliver(sketch, Machine(noise_mm=0.0))
    assert evidence.delivered is not None
    turned = dict(evidence.delivered.axes)
    turned[Axis.GANTRY] = frozen(turned[Axis.GANTRY] + 360.0)
    result = reconcile(
        [replace(evidence, delivered=replace(evidence.delivered, axes=turned))], tolerances()
    )
    motion = result.beams[0].motion
    assert motion is not None
    # 6 deg/s at 5 ms lag, and the rounding of path position and angle
    assert motion.errors["gantry"].maximum < 0.035
    assert result.causes == ()


def test_curves_and_matrices_have_the_shapes_they_say() -> None:
    evidence = deliver(sliding_window(control_points=21))
    motion = reconcile([evidence], tolerances()).beams[0].motion
    assert motion is not None
    count = motion.curves.meterset_mu.size
    assert (np.diff(motion.curves.meterset_mu) > 0).all()
    assert motion.curves.axes["gantry"].shape == (count,)
    assert motion.curves.leaves["MLCX"].shape == (20, count)
    matrix = motion.matrices["MLCX"]
    assert matrix.errors.shape == (20, 21)
    assert np.isfinite(matrix.errors).all()
    assert matrix.control_points.tolist() == list(range(21))


def test_gap_errors_add_up() -> None:
    """Both leaves of a pair 0.3 mm outwards open it by 0.6 mm."""
    sketch = static()

    def wider(target: np.ndarray, s: float) -> np.ndarray:
        target[7:17] -= 0.3
        target[17:] += 0.3
        return target

    motion = (
        reconcile([deliver(sketch, Machine(noise_mm=0.0, commanded=wider))], tolerances())
        .beams[0]
        .motion
    )
    assert motion is not None
    assert motion.gaps["MLCX"].rms == pytest.approx(0.6, abs=0.001)


def test_speed_loss_of_a_slow_leaf() -> None:
    """A leaf at three quarters of its 20 mm/s loses 5 mm/s."""
    sketch = sliding_window(speed=20.0)
    column = 7 + 4
    start = sketch.leaves[0, 4]

    def slow(target: np.ndarray, s: float) -> np.ndarray:
        target[column] = start + 0.75 * (target[column] - start)
        return target

    motion = (
        reconcile([deliver(sketch, Machine(noise_mm=0.0, commanded=slow))], tolerances())
        .beams[0]
        .motion
    )
    assert motion is not None
    loss = motion.speed_losses["MLCX"]
    assert (loss.bank, loss.leaf) == ("X1", 5)
    # path positions rounded to 1e-4 of 6 mm over half a second
    assert loss.maximum == pytest.approx(5.0, abs=0.05)
