"""The independent ceilings: each trips at its limit and not before."""

import pytest

from gateway.delivery.watch import Action, BeamWatch
from gateway.domain.delivery import Interlock, MachineState
from tests.delivery.builders import BOUNDS, program, sample

PULSE_MU = 0.028


def watch() -> BeamWatch:
    return BeamWatch(program(), BOUNDS, PULSE_MU)


def test_a_beam_as_programmed_trips_nothing() -> None:
    guard = watch()
    trips = [guard.judge(sample(t / 50, t / 5)) for t in range(501)]
    assert trips == [None] * 501


@pytest.mark.parametrize(("meterset_mu", "trips"), [(100.99, False), (101.01, True)])
def test_meterset_ceiling_is_the_larger_of_both_bounds(meterset_mu: float, *, trips: bool) -> None:
    trip = watch().judge(sample(1.0, meterset_mu))
    assert (trip is not None) is trips
    if trip is not None:
        assert (trip.action, trip.code) == (Action.TERMINATE, "meterset")


def test_no_state_hides_the_counter_from_its_ceiling() -> None:
    for state in MachineState:
        trip = watch().judge(sample(1.0, 101.01, state))
        assert trip is not None, state
        assert (trip.action, trip.code) == (Action.TERMINATE, "meterset")


def test_a_start_finer_than_the_wire_is_no_counter_that_went_back() -> None:
    guard = BeamWatch(program(start_mu=100.0 / 3.0), BOUNDS, PULSE_MU)
    assert guard.judge(sample(0.0, 33.333333)) is None


@pytest.mark.parametrize(("rate", "trips"), [(655.0, False), (670.0, True)])
def test_dose_rate_is_measured_by_counter_and_clock(rate: float, *, trips: bool) -> None:
    guard = watch()
    found = [guard.judge(sample(t / 50, rate / 60 * t / 50, rate=0.0)) for t in range(200)]
    assert any(found) is trips
    if trips:
        (first, *_) = filter(None, found)
        assert (first.action, first.code) == (Action.TERMINATE, "dose-rate")


def test_single_pulses_at_a_low_rate_are_no_spike() -> None:
    guard = watch()
    pulses = [int(t / 50 * 5 / 60 / PULSE_MU) * PULSE_MU for t in range(500)]
    assert [guard.judge(sample(t / 50, mu)) for t, mu in enumerate(pulses)] == [None] * 500


def test_time_ceiling_counts_beam_on_only() -> None:
    guard = watch()
    for second in range(11):
        assert guard.judge(sample(second, 0.0)) is None
    assert guard.judge(sample(12.5, 0.0, MachineState.HELD)) is None
    assert guard.judge(sample(13.0, 0.0)) is None
    trip = guard.judge(sample(15.5, 0.0))
    assert trip is not None
    assert trip.code == "beam-time"


def test_a_hold_that_lasts_too_long_names_its_interlock() -> None:
    guard = watch()
    held = {"state": MachineState.HELD, "interlocks": Interlock.POSITION}
    assert guard.judge(sample(1.0, 5.0, **held)) is None
    assert guard.judge(sample(2.9, 5.0, **held)) is None
    trip = guard.judge(sample(3.1, 5.0, **held))
    assert trip is not None
    assert trip.action is Action.TERMINATE
    assert "POSITION" in trip.text


def test_a_hold_that_ends_starts_its_clock_anew() -> None:
    guard = watch()
    for second in range(0, 10, 2):
        assert guard.judge(sample(second, 5.0, MachineState.HELD)) is None
        assert guard.judge(sample(second + 1, 5.0)) is None


def test_a_counter_or_a_clock_that_goes_back_ends_the_beam() -> None:
    guard = watch()
    guard.judge(sample(1.0, 10.0))
    backwards = guard.judge(sample(1.1, 9.0))
    assert backwards is not None
    assert backwards.code == "meterset"
    guard = watch()
    guard.judge(sample(1.0, 10.0))
    clock = guard.judge(sample(0.9, 10.0))
    assert clock is not None
    assert clock.code == "clock"
