"""An unharmed delivery passes and has no cause, whatever the noise."""

from collections.abc import Callable

import pytest

from gateway.domain.reconciliation import Verdict
from gateway.reconcile import reconcile
from tests.reconcile.builders import Machine, deliver, tolerances
from tests.reconcile.sketches import Sketch, arc, sliding_window, static, step_and_shoot

SKETCHES: tuple[Callable[[], Sketch], ...] = (static, sliding_window, step_and_shoot, arc)


@pytest.mark.parametrize("make", SKETCHES)
@pytest.mark.parametrize("seed", range(6))
def test_clean_deliveries_pass(make: Callable[[], Sketch], seed: int) -> None:
    """Noise of 0.05 mm (one sigma) is what real logs show; 5 ms is a digital machine's lag."""
    evidence = deliver(make(), Machine(seed=seed, noise_mm=0.05))
    result = reconcile([evidence], tolerances())
    assert result.causes == ()
    assert result.verdict is Verdict.PASS
    (beam,) = result.beams
    assert beam.complete
    assert beam.exceeded == ()


@pytest.mark.parametrize("make", SKETCHES)
def test_lag_of_motion_stays_its_lag(make: Callable[[], Sketch]) -> None:
    """Errors are speed x lag (25 mm/s and 6 deg/s at 5 ms: 0.125 mm, 0.03 deg), not more."""
    evidence = deliver(make(), Machine(noise_mm=0.0, lag_s=0.005))
    motion = reconcile([evidence], tolerances()).beams[0].motion
    assert motion is not None
    # the rounding of path position (1e-4 of a control point) and of positions add 0.005
    assert motion.errors["MLCX"].maximum < 0.125 + 0.005
    assert motion.errors["gantry"].maximum < 0.03 + 0.005


def test_low_dose_rate_does_not_read_as_motion_error() -> None:
    """2 MU over 240 degrees: one pulse lasts 3.4 degrees of gantry. Not an error of the gantry."""
    evidence = deliver(arc(mu=2.0), Machine(noise_mm=0.0))
    result = reconcile([evidence], tolerances())
    assert result.verdict is Verdict.PASS
    motion = result.beams[0].motion
    assert motion is not None
    assert motion.errors["gantry"].maximum < 0.05


def test_a_recovered_hold_is_no_fault_and_is_counted() -> None:
    """A slow servo against a tight hold tolerance: the machine waits a sample and goes on."""
    evidence = deliver(sliding_window(), Machine(noise_mm=0.0, hold_tolerance=0.3, lag_s=0.025))
    result = reconcile([evidence], tolerances())
    motion = result.beams[0].motion
    assert motion is not None
    assert motion.holds.count > 0
    assert motion.holds.time_s == pytest.approx(motion.holds.count * 0.02, rel=1.0)
    assert motion.holds.interlocks == ("POSITION",)
    assert result.verdict is Verdict.PASS


def test_several_beams_are_judged_one_by_one() -> None:
    result = reconcile([deliver(static()), deliver(arc())], tolerances())
    assert [beam.verdict for beam in result.beams] == [Verdict.PASS, Verdict.PASS]


def test_nothing_delivered_is_no_pass() -> None:
    assert reconcile([], tolerances()).verdict is Verdict.FAIL
