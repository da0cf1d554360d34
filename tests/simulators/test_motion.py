"""Closed-form motion: the path, the approach, the jog, the servo."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.couch.jog import jog_between
from simulators.linac.approach import Approach
from simulators.linac.path import Path
from simulators.linac.servo import Encoders, Servo

ROUNDING = 1e-9
"""Double precision over a few hundred mm and a few operations."""

distances = st.floats(-300.0, 300.0)
speeds = st.floats(0.5, 100.0)
accelerations = st.floats(1.0, 500.0)


@st.composite
def trapezoids(draw: st.DrawFn) -> tuple[Path, int]:
    """A path through some rows in pieces of constant acceleration that fit together."""
    rows = draw(st.integers(2, 6))
    pieces, s, speed, t = [], 0.0, 0.0, 0.0
    for _ in range(draw(st.integers(0, 6))):
        dt = draw(st.floats(0.05, 2.0))
        acceleration = draw(st.floats(-speed / dt, 2.0))
        way = (speed + 0.5 * acceleration * dt) * dt
        if s + way > rows - 1.5:
            break
        pieces.append((t, s, speed, acceleration))
        s, speed, t = s + way, max(speed + acceleration * dt, 0.0), t + dt
    rest = rows - 1 - s
    dt = 2.0 * rest / (speed + 1.0)
    pieces.append((t, s, speed, (1.0 - speed) / dt))
    columns = np.linspace(0.0, 10.0, rows)[:, np.newaxis] * np.array([1.0, -2.0])
    return Path(columns, np.linspace(0.0, 5.0, rows), np.array(pieces), t + dt), rows


@given(trapezoids())
def test_a_path_goes_through_all_rows_without_a_jump(case: tuple[Path, int]) -> None:
    path, rows = case
    clock = np.linspace(0.0, path.duration_s, 400)
    s = np.array([path.s_at(t) for t in clock])
    assert s[0] == pytest.approx(0.0, abs=ROUNDING)
    assert path.s_at(path.duration_s) == rows - 1
    assert (np.diff(s) >= -1e-7).all()  # seams are exact to the rounding of the pieces' ends
    step = float(np.max(path.peak_speeds())) * (clock[1] - clock[0])
    assert np.diff(s).max() <= step + 1e-6


@given(trapezoids())
def test_peak_speeds_bound_every_row(case: tuple[Path, int]) -> None:
    path, _ = case
    clock = np.linspace(0.0, path.duration_s * (1 - 1e-12), 2000)
    s = np.array([path.s_at(t) for t in clock])
    between = 0.5 * (s[1:] + s[:-1])
    speed = np.diff(s) / np.diff(clock)
    peaks = path.peak_speeds()
    inside = (between % 1.0 > 0.01) & (between % 1.0 < 0.99)  # not across a row
    bound = peaks[np.minimum(between[inside].astype(int), len(peaks) - 1)]
    assert (speed[inside] <= bound * (1 + 1e-6) + 1e-6).all()


def test_positions_and_meterset_are_linear_between_rows() -> None:
    rows = np.array([[0.0, 10.0], [4.0, 0.0], [4.0, 8.0]])
    path = Path(rows, np.array([0.0, 2.0, 10.0]), np.array([[0.0, 0.0, 1.0, 0.0]]), 2.0)
    out = np.zeros(2)
    path.positions_at(1.25, out)
    assert out.tolist() == [4.0, 2.0]
    assert path.meterset_at(1.25) == 4.0
    path.positions_at(2.0, out)
    assert out.tolist() == [4.0, 8.0]


@given(st.lists(st.tuples(distances, distances, speeds, accelerations), min_size=1, max_size=5))
def test_an_approach_keeps_its_limits_and_arrives(
    axes: list[tuple[float, float, float, float]],
) -> None:
    start, target, speed, acceleration = (np.array(column) for column in zip(*axes, strict=True))
    move = Approach(start, target, speed, acceleration)
    clock = np.linspace(0.0, move.duration_s, 500)
    way = np.zeros((clock.size, start.size))
    for row, t in enumerate(clock):
        move.at(t, way[row])
    assert way[0] == pytest.approx(start, abs=ROUNDING)
    assert way[-1] == pytest.approx(target, abs=1e-6)  # sqrt and division cost some digits
    dt = max(clock[1] - clock[0], 1e-12)
    assert (np.abs(np.diff(way, axis=0)) <= speed * dt * (1 + 1e-9) + ROUNDING).all()
    bend = np.abs(np.diff(way, 2, axis=0)) / dt**2
    assert (bend <= acceleration * (1 + 1e-6) + 1e-9 / dt**2).all()
    low, high = np.minimum(start, target), np.maximum(start, target)
    assert ((way >= low - 1e-6) & (way <= high + 1e-6)).all()


def test_an_axis_that_cannot_move_stays() -> None:
    move = Approach(np.array([1.0]), np.array([5.0]), np.array([0.0]), np.array([0.0]))
    out = np.zeros(1)
    move.at(3.0, out)
    assert move.duration_s == 0.0
    assert out[0] == 1.0


@given(
    st.tuples(distances, distances, distances),
    st.tuples(distances, distances, distances),
    st.floats(1.0, 100.0),
    st.tuples(speeds, speeds, speeds),
    st.tuples(accelerations, accelerations, accelerations),
)
@settings(max_examples=50)
def test_a_jog_keeps_every_axis_within_its_limits(
    start: tuple[float, float, float],
    target: tuple[float, float, float],
    feed: float,
    speed: tuple[float, float, float],
    acceleration: tuple[float, float, float],
) -> None:
    jog = jog_between(start, target, feed, speed, acceleration, 7.0)
    clock = np.linspace(7.0, jog.end_s, 200)
    way = np.array([jog.at(t) for t in clock])
    assert way[0] == pytest.approx(start, abs=ROUNDING)
    assert way[-1] == pytest.approx(target, abs=1e-6)
    dt = max(clock[1] - clock[0], 1e-9)
    velocity = np.diff(way, axis=0) / dt
    assert (np.abs(velocity) <= np.array(speed) * (1 + 1e-6) + 1e-9 / dt).all()
    assert (np.linalg.norm(velocity, axis=1) <= feed * (1 + 1e-6) + 1e-9 / dt).all()


@given(st.floats(0.0, 1.0), st.floats(1.0, 300.0), st.floats(1.0, 60.0))
def test_a_braked_jog_stops_in_the_shortest_way(share: float, way: float, feed: float) -> None:
    jog = jog_between((0.0, 0.0, 0.0), (way, 0.0, 0.0), feed, (50.0,) * 3, (80.0,) * 3, 0.0)
    t = share * jog.end_s
    braked = jog.braked(t)
    assert braked.at(t)[0] == pytest.approx(jog.at(t)[0], abs=1e-6)
    assert braked.speed_at(t) == pytest.approx(jog.speed_at(t), abs=1e-5)
    stop = braked.at(braked.end_s)[0]
    assert stop == pytest.approx(jog.at(t)[0] + jog.speed_at(t) ** 2 / 160.0, abs=1e-5)
    assert stop <= way + 1e-6
    assert braked.speed_at(braked.end_s) == pytest.approx(0.0, abs=1e-6)


@given(st.floats(0.001, 0.06), st.floats(-50.0, 50.0))
def test_the_servo_trails_by_time_constant_times_speed(tau: float, speed: float) -> None:
    """A first-order lag driven by a ramp settles at e = tau * v (any control textbook)."""
    servo = Servo(tau, 0.02, np.zeros(1))
    actual = np.zeros(1)
    for cycle in range(1, 200):
        servo.follow(np.array([speed * 0.02 * cycle]), actual)
    assert speed * 0.02 * 199 - actual[0] == pytest.approx(tau * speed, abs=1e-9)
    for _ in range(200):
        servo.settle(actual)
    assert actual[0] == speed * 0.02 * 199


def test_the_servo_follows_the_exact_response_to_a_ramp_from_rest() -> None:
    """e(t) = tau v (1 - exp(-t / tau)), at every cycle."""
    servo, actual = Servo(0.03, 0.02, np.zeros(1)), np.zeros(1)
    for cycle in range(1, 20):
        servo.follow(np.array([10.0 * 0.02 * cycle]), actual)
        lag = 10.0 * 0.02 * cycle - actual[0]
        assert lag == pytest.approx(0.3 * (1 - np.exp(-0.02 * cycle / 0.03)), abs=1e-12)


def test_a_servo_without_lag_stands_on_its_target() -> None:
    servo, actual = Servo(0.0, 0.02, np.zeros(1)), np.zeros(1)
    servo.follow(np.array([3.0]), actual)
    assert actual[0] == 3.0


def test_encoders_read_in_steps_with_little_noise() -> None:
    encoders = Encoders(3, 0.01, 0.005, np.random.default_rng(4))
    actual = np.array([1.0, -20.0, 179.123])
    readings = np.array([encoders.read(actual) for _ in range(1000)])
    assert (readings % 10 == 0).all()
    error = readings / 1000.0 - actual
    assert np.abs(error.mean(axis=0)).max() < 0.001  # 5 sigma of the mean of 1000 readings
    spread = np.hypot(0.005, 0.01 / np.sqrt(12.0))  # noise and quantisation
    assert error.std(axis=0)[:2] == pytest.approx(spread, rel=0.1)
