"""Every fault is named by its own name, with its axis, bank, leaf and control point."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gateway.domain.reconciliation import Cause, Verdict
from gateway.domain.units import FloatArray
from gateway.reconcile import reconcile
from tests.reconcile.builders import Machine, deliver, leaf_column, refused, tolerances
from tests.reconcile.sketches import SCALARS, Sketch, arc, sliding_window, static, step_and_shoot

NOISE = 0.05
"""mm, one sigma."""
FIRST_LEAF = len(SCALARS)


def only_cause(sketch: Sketch, machine: Machine) -> Cause:
    result = reconcile([deliver(sketch, machine)], tolerances())
    assert result.verdict is Verdict.FAIL
    assert len(result.causes) == 1, result.causes
    return result.causes[0]


def shifted(columns: slice | int, by: float, since: float = 0.0) -> Machine:
    def commanded(target: FloatArray, s: float) -> FloatArray:
        if s >= since:
            target[columns] += by
        return target

    return Machine(commanded=commanded, noise_mm=NOISE)


@pytest.mark.parametrize("hold", [None, 2.0])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("make", "bank", "leaf", "since"),
    [
        (sliding_window, "X2", 7, 5),
        (sliding_window, "X1", 1, 0),
        (step_and_shoot, "X1", 3, 5),
        (arc, "X2", 10, 21),
        (arc, "X1", 4, 40),
    ],
)
def test_stuck_leaf(
    make: Callable[[], Sketch], bank: str, leaf: int, since: int, seed: int, hold: float | None
) -> None:
    """Also when the machine holds at once, delivers nothing more and is terminated."""
    sketch = make()
    column = leaf_column(sketch, bank, leaf)
    machine = Machine(seed=seed, noise_mm=NOISE, hold_tolerance=hold, stuck={column: float(since)})
    cause = only_cause(sketch, machine)
    assert (cause.cause, cause.beam, cause.axis) == ("stuck-leaf", 1, "MLCX")
    assert (cause.bank, cause.leaf, cause.unit) == (bank, leaf, "mm")
    assert cause.control_point == since
    assert cause.error is not None
    assert abs(cause.error) > 1.0


@pytest.mark.parametrize("make", [static, sliding_window, step_and_shoot, arc])
@pytest.mark.parametrize("offset", [-1.8, 2.4])
def test_leaf_offset(make: Callable[[], Sketch], offset: float) -> None:
    sketch = make()
    cause = only_cause(sketch, shifted(leaf_column(sketch, "X1", 4), offset))
    assert cause == replace(
        Cause("leaf-offset", 1, "MLCX", "X1", 4, None, 0, None, "mm"), error=cause.error
    )
    # the worst of many samples of 0.05 mm noise plus at most 0.125 mm of lag
    assert cause.error == pytest.approx(offset, abs=0.4)


def test_leaf_offset_from_a_control_point() -> None:
    sketch = sliding_window()
    cause = only_cause(sketch, shifted(leaf_column(sketch, "X2", 2), 3.0, since=8.0))
    assert (cause.cause, cause.leaf, cause.control_point) == ("leaf-offset", 2, 8)


@pytest.mark.parametrize("make", [static, sliding_window, step_and_shoot, arc])
@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("offset", [-1.5, 2.0])
def test_bank_offset(make: Callable[[], Sketch], side: int, offset: float) -> None:
    sketch = make()
    first = FIRST_LEAF + side * sketch.pairs
    cause = only_cause(sketch, shifted(slice(first, first + sketch.pairs), offset))
    assert (cause.cause, cause.axis, cause.bank, cause.leaf) == (
        "bank-offset",
        "MLCX",
        ("X1", "X2")[side],
        None,
    )
    assert cause.control_point == 0
    # the median over ten leaves has less noise than one leaf; 0.125 mm of lag
    assert cause.error == pytest.approx(offset, abs=0.2)


def test_a_bank_offset_does_not_hide_a_leaf() -> None:
    sketch = sliding_window()

    def commanded(target: FloatArray, s: float) -> FloatArray:
        target[FIRST_LEAF : FIRST_LEAF + sketch.pairs] += 1.5
        target[leaf_column(sketch, "X1", 6)] += 4.0
        return target

    result = reconcile([deliver(sketch, Machine(commanded=commanded))], tolerances())
    assert {(cause.cause, cause.leaf) for cause in result.causes} == {
        ("bank-offset", None),
        ("leaf-offset", 6),
    }


@pytest.mark.parametrize("make", [static, sliding_window, step_and_shoot, arc])
def test_swapped_banks(make: Callable[[], Sketch]) -> None:
    sketch = make()

    def commanded(target: FloatArray, s: float) -> FloatArray:
        leaves = target[FIRST_LEAF:]
        target[FIRST_LEAF:] = -np.roll(leaves, sketch.pairs)
        return target

    cause = only_cause(sketch, Machine(commanded=commanded, noise_mm=NOISE))
    assert (cause.cause, cause.axis, cause.bank, cause.leaf) == (
        "swapped-banks",
        "MLCX",
        None,
        None,
    )
    assert cause.control_point == 0


@pytest.mark.parametrize("first_deg", [179.0, -61.0])
def test_gantry_lag(first_deg: float) -> None:
    """A servo 0.4 s slow is 2.4 degrees behind at 6 deg/s."""
    sketch = arc(first_deg=first_deg)
    gantry = np.array([sketch.scalars[0, 0]])

    def commanded(target: FloatArray, s: float) -> FloatArray:
        gantry[0] += (target[0] - gantry[0]) * (1 - np.exp(-0.02 / 0.4))
        target[0] = gantry[0]
        return target

    cause = only_cause(sketch, Machine(commanded=commanded, noise_mm=NOISE))
    assert (cause.cause, cause.axis, cause.unit) == ("gantry-lag", "gantry", "deg")
    assert cause.error == pytest.approx(2.4, abs=0.3)


def test_gantry_dead_band_is_a_lag() -> None:
    """The gantry starts only when the plan is 2 degrees ahead and stays that much behind."""
    sketch = arc()
    first = sketch.scalars[0, 0]

    def commanded(target: FloatArray, s: float) -> FloatArray:
        target[0] = min(first, target[0] + 2.0)
        return target

    assert only_cause(sketch, Machine(commanded=commanded, noise_mm=NOISE)).cause == "gantry-lag"


@pytest.mark.parametrize("make", [static, arc])
@pytest.mark.parametrize(("column", "axis"), [(0, "gantry"), (1, "collimator"), (6, "Y2")])
def test_axis_offset(make: Callable[[], Sketch], column: int, axis: str) -> None:
    cause = only_cause(make(), shifted(column, -2.0))
    assert (cause.cause, cause.axis, cause.control_point) == ("axis-offset", axis, 0)
    assert cause.error == pytest.approx(-2.0, abs=0.3)


def test_stuck_gantry() -> None:
    cause = only_cause(arc(), Machine(stuck={0: 12.0}, noise_mm=NOISE))
    assert (cause.cause, cause.axis, cause.control_point) == ("stuck-axis", "gantry", 12)


def test_couch_drift() -> None:
    cause = only_cause(static(), Machine(couch=lambda t: max(0.0, t - 3.0) * -0.8))
    assert (cause.cause, cause.axis, cause.unit) == ("couch-drift", "couch_vertical", "mm")
    # 7 s at 0.8 mm/s, the couch's last report up to 0.1 s old
    assert cause.error == pytest.approx(-5.6, abs=0.2)
    assert cause.control_point == 0


def test_meterset_overrun_at_the_end() -> None:
    cause = only_cause(sliding_window(), Machine(overrun_mu=4.0))
    assert (cause.cause, cause.unit, cause.control_point) == ("meterset-overrun", "MU", 20)
    assert cause.error == pytest.approx(4.0, abs=0.03)


@pytest.mark.parametrize("make", [static, sliding_window, arc])
@pytest.mark.parametrize(
    ("gain", "name"), [(1.05, "meterset-overrun"), (0.95, "meterset-shortfall")]
)
def test_dose_that_runs_ahead_or_behind(make: Callable[[], Sketch], gain: float, name: str) -> None:
    """The axes are where the machine meant them to be: only the dose is blamed."""
    sketch = make()
    cause = only_cause(sketch, Machine(dose_gain=gain, noise_mm=NOISE))
    assert cause.cause == name
    assert cause.error == pytest.approx((gain - 1) * sketch.meterset_mu[-1], abs=0.03)


def test_faults_at_read_back() -> None:
    """The beam was refused: the reading before it names the fault."""
    sketch = sliding_window()
    rows = sketch.program.positions[0]
    leaf = rows.copy()
    leaf[leaf_column(sketch, "X2", 9)] -= 3.0
    bank = rows.copy()
    bank[FIRST_LEAF : FIRST_LEAF + sketch.pairs] += 2.0
    swapped = rows.copy()
    swapped[FIRST_LEAF:] = -np.roll(rows[FIRST_LEAF:], sketch.pairs)
    jaw = rows.copy()
    jaw[SCALARS.index("Y1")] -= 5.0
    expected = (
        (leaf, Cause("leaf-offset", 1, "MLCX", "X2", 9, None, 0, -3.0, "mm")),
        (bank, Cause("bank-offset", 1, "MLCX", "X1", None, None, 0, 2.0, "mm")),
        (jaw, Cause("axis-offset", 1, "Y1", None, None, None, 0, -5.0, "mm")),
    )
    for positions, cause in expected:
        result = reconcile([refused(sketch, positions)], tolerances())
        assert result.verdict is Verdict.FAIL
        (found,) = result.causes
        assert replace(found, error=None) == replace(cause, error=None)
        assert found.error == pytest.approx(cause.error, abs=1e-3)
    (found,) = reconcile([refused(sketch, swapped)], tolerances()).causes
    assert (found.cause, found.axis, found.control_point) == ("swapped-banks", "MLCX", 0)


def test_dose_rate() -> None:
    cause = only_cause(sliding_window(), Machine(slow=1.5))
    assert (cause.cause, cause.unit) == ("dose-rate", "fraction")
    assert cause.error == pytest.approx(-1 / 3, abs=0.02)


def test_a_gantry_that_never_starts_lags() -> None:
    """Held for it at once, the plan having moved 2 degrees."""
    cause = only_cause(arc(), Machine(stuck={0: 0.0}, hold_tolerance=2.0, noise_mm=NOISE))
    assert (cause.cause, cause.axis, cause.control_point) == ("gantry-lag", "gantry", 0)


def test_a_gantry_short_of_its_place_lags() -> None:
    """Read back before the second beam, on its way from the first; beyond its place: an offset."""
    first = deliver(replace(static(), scalars=static().scalars + np.eye(7)[0] * 90.0))
    second = replace(static(), number=2, scalars=static().scalars + np.eye(7)[0] * 20.0)
    for error, name in ((1.5, "gantry-lag"), (-1.5, "axis-offset")):
        positions = second.program.positions[0].copy()
        positions[0] += error
        (cause,) = reconcile([first, refused(second, positions)], tolerances()).causes
        assert (cause.cause, cause.beam, cause.axis) == (name, 2, "gantry")
        assert cause.error == pytest.approx(error, abs=1e-3)


def test_a_leaf_that_stayed_where_the_last_beam_left_it_is_stuck() -> None:
    first = deliver(static())
    second = replace(static(), number=2, leaves=static().leaves + 6.0)
    positions = second.program.positions[0].copy()
    column = leaf_column(second, "X2", 3)
    positions[column] -= 5.9
    (cause,) = reconcile([first, refused(second, positions)], tolerances()).causes
    assert cause == replace(
        Cause("stuck-leaf", 2, "MLCX", "X2", 3, None, 0, None, "mm"), error=cause.error
    )
    positions[column] += 3.0
    (cause,) = reconcile([first, refused(second, positions)], tolerances()).causes
    assert cause.cause == "leaf-offset"


def test_larger_consequences_come_first() -> None:
    """A stuck leaf far off over most of the beam, a jaw slightly off, in two beams."""
    sketch = sliding_window()
    stuck = deliver(sketch, Machine(stuck={leaf_column(sketch, "X1", 2): 3.0}))
    jaw = deliver(replace(static(), number=2), shifted(SCALARS.index("X1"), 1.3))
    for order in ((stuck, jaw), (jaw, stuck)):
        causes = reconcile(order, tolerances()).causes
        assert [(cause.cause, cause.beam) for cause in causes] == [
            ("stuck-leaf", 1),
            ("axis-offset", 2),
        ]
