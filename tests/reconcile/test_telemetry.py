"""From samples to a trajectory."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.domain.delivery import MachineState
from gateway.domain.telemetry import BeamTelemetry
from gateway.domain.units import frozen
from gateway.reconcile import delivered_trajectory
from tests.reconcile.builders import Machine, deliver
from tests.reconcile.sketches import sliding_window


def telemetry_of(noise_mm: float = 0.02) -> BeamTelemetry:
    telemetry = deliver(sliding_window(), Machine(noise_mm=noise_mm)).telemetry
    assert telemetry is not None
    return telemetry


def test_positions_are_mm_and_degree() -> None:
    telemetry = telemetry_of(noise_mm=0.0)
    delivered = delivered_trajectory(telemetry, sliding_window().program)
    assert delivered is not None
    assert delivered.source == "telemetry"
    np.testing.assert_array_equal(delivered.axes[Axis.COLLIMATOR], 10.0)
    np.testing.assert_array_equal(delivered.leaves["MLCX"], telemetry.positions[:, 7:] / 1000)
    assert delivered.time_s[0] == 0.0
    assert np.diff(delivered.time_s) == pytest.approx(0.02)


def test_only_from_beam_on_to_the_end() -> None:
    """Samples before the beam and after the first one of its end are left out."""
    telemetry = telemetry_of()
    state = telemetry.state.copy()
    state[:10] = MachineState.PREPARED
    state[10] = MachineState.HELD
    state[-5:] = MachineState.COMPLETE
    delivered = delivered_trajectory(replace(telemetry, state=state), sliding_window().program)
    assert delivered is not None
    assert delivered.time_s.size == state.size - 10 - 4
    assert delivered.held.tolist()[:2] == [True, False]
    assert delivered.beam_on.tolist()[:2] == [False, True]
    assert not delivered.beam_on[-1]
    assert not delivered.held[-1]


def test_never_on() -> None:
    telemetry = telemetry_of()
    state = np.full_like(telemetry.state, MachineState.PREPARED)
    assert delivered_trajectory(replace(telemetry, state=state), sliding_window().program) is None


def test_the_couch_keeps_its_last_report() -> None:
    """Reports at 0, 0.1, 0.2 s; samples are received 1 ms after every 20 ms."""
    telemetry = telemetry_of()
    reports = frozen([-1.0, -2.0, -3.0])
    telemetry = replace(
        telemetry,
        couch_time_ns=np.array([0, 100_000_000, 200_000_000]),
        couch_mm={Axis.COUCH_LATERAL: reports},
    )
    delivered = delivered_trajectory(telemetry, sliding_window().program)
    assert delivered is not None
    lateral = delivered.axes[Axis.COUCH_LATERAL]
    assert lateral[:12].tolist() == [-1.0] * 5 + [-2.0] * 5 + [-3.0] * 2


def test_a_room_without_couch_reports() -> None:
    telemetry = telemetry_of()
    telemetry = replace(telemetry, couch_time_ns=np.zeros(0, dtype=np.int64), couch_mm={})
    delivered = delivered_trajectory(telemetry, sliding_window().program)
    assert delivered is not None
    assert Axis.COUCH_VERTICAL not in delivered.axes


def test_a_continuation_counts_the_plans_control_points() -> None:
    sketch = replace(sliding_window(), first_control_point=3.5)
    telemetry = deliver(sketch).telemetry
    assert telemetry is not None
    delivered = delivered_trajectory(telemetry, sketch.program)
    assert delivered is not None
    assert delivered.control_point[0] == pytest.approx(3.5)
    assert delivered.control_point[-1] == pytest.approx(23.5)
