"""Maximum, RMS and 95th percentile against closed forms and against plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gateway.reconcile import reconcile
from gateway.reconcile.statistics import column_statistics, weighted_percentile, weighted_rms
from tests.reconcile.builders import Machine, deliver, tolerances
from tests.reconcile.sketches import arc


def test_rms_of_a_ramp() -> None:
    """e = E m / M has an RMS of E / sqrt(3); the sum's error over n steps is below E / n."""
    steps = 4000
    error = np.linspace(0, 3.0, steps)[np.newaxis]
    assert weighted_rms(error, np.ones(steps))[0] == pytest.approx(3 / math.sqrt(3), abs=3 / steps)


def test_rms_of_a_sine() -> None:
    """Amplitude / sqrt(2) over whole periods, exactly."""
    error = 0.7 * np.sin(2 * np.pi * np.arange(500) / 500)[np.newaxis]
    assert weighted_rms(error, np.ones(500))[0] == pytest.approx(0.7 / math.sqrt(2), rel=1e-12)


def test_rms_is_weighted_by_meterset() -> None:
    """1 mm for 90 MU and 3 mm for 10 MU: sqrt((90 + 90) / 100)."""
    error, weight = np.array([[1.0, -3.0]]), np.array([90.0, 10.0])
    assert weighted_rms(error, weight)[0] == pytest.approx(math.sqrt(1.8), rel=1e-12)


def test_95_percent_of_the_meterset() -> None:
    """Of 96 MU within 0.2 mm it is 0.2, of 94 MU it is the next larger error."""
    size = np.array([[5.0, 0.2]])
    assert weighted_percentile(size, np.array([4.0, 96.0]), 0.95)[0] == 0.2
    assert weighted_percentile(size, np.array([6.0, 94.0]), 0.95)[0] == 5.0


def by_hand(errors: list[float], weights: list[float]) -> tuple[float, float, float]:
    """The definitions, spelt out."""
    total = sum(weights)
    largest, square = 0.0, 0.0
    for error, weight in zip(errors, weights, strict=True):
        largest = max(largest, abs(error))
        square += weight / total * error * error
    reached, percentile = 0.0, 0.0
    for size, weight in sorted(zip(map(abs, errors), weights, strict=True)):
        reached += weight / total
        percentile = size
        if reached >= 0.95 - 1e-12:
            break
    return largest, math.sqrt(square), percentile


@given(
    errors=hnp.arrays(
        np.float64, st.tuples(st.just(3), st.integers(1, 30)), elements=st.floats(-50, 50)
    ),
    data=st.data(),
)
def test_statistics_agree_with_plain_loops(errors: np.ndarray, data: st.DataObject) -> None:
    count = errors.shape[1]
    weight = data.draw(hnp.arrays(np.float64, count, elements=st.floats(0.015625, 8, width=16)))
    found = column_statistics(errors, weight, errors, weight)
    for row in range(3):
        largest, rms, percentile = by_hand(errors[row].tolist(), weight.tolist())
        assert found.maximum[row] == largest
        # two orders of summation of up to 30 terms
        assert found.rms[row] == pytest.approx(rms, rel=1e-9, abs=1e-150)
        assert found.rms_time[row] == found.rms[row]
        assert found.p95[row] == percentile


def test_a_beam_agrees_with_plain_loops() -> None:
    """The whole way: telemetry of an arc, errors of one leaf and the gantry, by hand."""
    evidence = deliver(arc(), Machine(noise_mm=0.05, seed=3))
    motion = reconcile([evidence], tolerances()).beams[0].motion
    delivered, planned = evidence.delivered, evidence.planned
    assert motion is not None
    assert delivered is not None
    last = {meterset: index for index, meterset in enumerate(delivered.meterset_mu.tolist())}
    errors, weights, before = [], [], 0.0
    for meterset, index in last.items():
        place = float(delivered.control_point[index])
        left = min(int(place), 59)
        start, end = planned.leaves["MLCX"][left, 4], planned.leaves["MLCX"][left + 1, 4]
        errors.append(
            float(delivered.leaves["MLCX"][index, 4] - (start + (place - left) * (end - start)))
        )
        weights.append(meterset - before)
        before = meterset
    largest, rms, percentile = by_hand(errors, weights)
    leaves = motion.leaves["MLCX"]
    assert leaves.maximum[4] == pytest.approx(largest, abs=1e-9)
    assert leaves.rms[4] == pytest.approx(rms, abs=1e-9)
    assert leaves.p95[4] == pytest.approx(percentile, abs=1e-9)


def test_nothing_at_all() -> None:
    empty = np.zeros((2, 0))
    found = column_statistics(empty, np.zeros(0), empty, np.zeros(0))
    assert found.maximum.tolist() == found.rms.tolist() == found.p95.tolist() == [0.0, 0.0]
