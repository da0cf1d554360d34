"""Two witnesses at a time: plan, telemetry and log, by one code."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.domain.axes import Axis
from gateway.domain.evidence import WitnessedBeam
from gateway.domain.reconciliation import PairReconciliation, Verdict
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import frozen
from gateway.reconcile.pairs import reconcile_pairs
from tests.reconcile.builders import MU_PER_PULSE, Machine, deliver, tolerances
from tests.reconcile.sketches import sliding_window

SKETCH = sliding_window()
EVIDENCE = deliver(SKETCH)
DONE = EVIDENCE.delivered
assert DONE is not None


def witnessed(
    telemetry: Trajectory | None, log: Trajectory | None, resolution_mu: float | None = 0.0
) -> WitnessedBeam:
    return WitnessedBeam(
        beam=EVIDENCE.beam, planned=EVIDENCE.planned, telemetry=telemetry, log=log,
        log_source="a.bin", start_meterset_mu=0.0,
        end_meterset_mu=float(SKETCH.meterset_mu[-1]), mu_per_pulse=MU_PER_PULSE,
        log_resolution_mu=resolution_mu,
    )  # fmt: skip


def pairs(beam: WitnessedBeam) -> dict[tuple[str, str], PairReconciliation]:
    return {pair.witnesses: pair for pair in reconcile_pairs(beam, tolerances())}


def moved(leaf: int, by_mm: float) -> Trajectory:
    leaves = DONE.leaves["MLCX"].copy()
    leaves[:, leaf] += by_mm
    return replace(DONE, leaves={"MLCX": frozen(leaves)})


def test_absent_witnesses_make_no_pair() -> None:
    assert set(pairs(witnessed(DONE, DONE))) == {
        ("plan", "telemetry"), ("plan", "log"), ("telemetry", "log"),
    }  # fmt: skip
    assert set(pairs(witnessed(None, DONE))) == {("plan", "log")}
    assert set(pairs(witnessed(DONE, None))) == {("plan", "telemetry")}
    assert pairs(witnessed(None, None)) == {}


def test_the_same_motion_is_the_same_to_every_witness() -> None:
    found = pairs(witnessed(DONE, DONE))
    assert [pair.verdict for pair in found.values()] == [Verdict.PASS] * 3
    plan_log, plan_told = found["plan", "log"], found["plan", "telemetry"]
    assert plan_log.errors["MLCX"].rms == pytest.approx(plan_told.errors["MLCX"].rms, rel=0.05)
    between = found["telemetry", "log"].errors.values()
    assert max(error.maximum for error in between) == pytest.approx(0.0, abs=1e-9)


def test_a_log_that_differs_is_named_in_both_of_its_pairs() -> None:
    found = pairs(witnessed(DONE, moved(4, 2.0)))
    assert found["plan", "telemetry"].verdict is Verdict.PASS
    for key in (("plan", "log"), ("telemetry", "log")):
        (cause,) = found[key].causes
        assert (cause.cause, cause.bank, cause.leaf) == ("leaf-offset", "X1", 5)
        assert cause.error == pytest.approx(2.0, abs=0.2)


def test_a_fault_that_both_saw_is_no_difference_between_them() -> None:
    found = pairs(witnessed(moved(4, 2.0), moved(4, 2.0)))
    assert [found[key].verdict.value for key in found] == ["fail", "fail", "pass"]


def test_the_dose_places_a_log_whose_control_points_count_otherwise() -> None:
    """A log that begins to count at 7 and counts twice as fast."""
    strange = replace(DONE, control_point=frozen(7.0 + 2.0 * DONE.control_point))
    found = pairs(witnessed(None, strange))
    assert found["plan", "log"].verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("by_mu", "cause"), [(0.1, None), (0.2, "meterset-overrun"), (-0.2, "meterset-shortfall")]
)
def test_a_meterset_may_be_off_by_the_limit_and_what_the_log_cannot_tell(
    by_mu: float, cause: str | None
) -> None:
    """0.1 MU is the site's limit, 0.02 MU the log's resolution; the end is within a pulse."""
    planned_mu = float(SKETCH.meterset_mu[-1])
    dose = DONE.meterset_mu * ((planned_mu + by_mu) / DONE.meterset_mu[-1])
    found = pairs(witnessed(None, replace(DONE, meterset_mu=frozen(dose)), 0.02))
    causes = [one.cause for one in found["plan", "log"].causes]
    assert causes == ([] if cause is None else [cause])


def test_a_beam_that_ended_early_was_terminated() -> None:
    stopped = deliver(SKETCH, Machine(stop_s=8.0)).delivered
    (cause,) = pairs(witnessed(None, stopped))["plan", "log"].causes
    assert (cause.cause, cause.control_point) == ("terminated", 8)
    assert cause.error is not None
    assert cause.error < 0


def test_dose_that_only_the_log_knows_of_is_lost_telemetry() -> None:
    heard = deliver(SKETCH, Machine(stop_s=8.0)).delivered
    found = pairs(witnessed(heard, DONE))
    (cause,) = found["telemetry", "log"].causes
    assert (cause.cause, cause.unit) == ("lost-samples", "MU")
    assert found["plan", "log"].verdict is Verdict.PASS


def test_shares_of_a_dose_are_not_judged_as_mu() -> None:
    pair = pairs(witnessed(None, DONE, None))["plan", "log"]
    assert pair.meterset is None
    assert pair.verdict is Verdict.PASS


def test_an_early_end_leaves_positions_as_they_were() -> None:
    stopped = deliver(SKETCH, Machine(stop_s=8.0)).delivered
    assert stopped is not None
    found = pairs(witnessed(None, stopped))["plan", "log"]
    assert found.exceeded == ()
    assert np.isfinite(found.errors["MLCX"].maximum)


def test_a_covered_leaf_is_judged_by_no_pair() -> None:
    """The Y jaws of the sketch are closed over all but the pairs in the middle."""
    narrow = {Axis.Y1: -5.0, Axis.Y2: 5.0}

    def under_jaws(motion: Trajectory) -> Trajectory:
        jaws = {axis: frozen(np.full(motion.time_s.size, at)) for axis, at in narrow.items()}
        return replace(motion, axes={**motion.axes, **jaws})

    beam = witnessed(under_jaws(moved(0, 5.0)), under_jaws(DONE))
    for pair in pairs(replace(beam, planned=under_jaws(EVIDENCE.planned))).values():
        assert pair.verdict is Verdict.PASS
        assert pair.covered_leaves == 12  # 10 pairs: 2 show, 1 on either side is their guard


def test_leaves_of_another_mlc_are_not_compared() -> None:
    other = replace(DONE, leaves={"MLCX": frozen(np.zeros((DONE.time_s.size, 160)))})
    assert "MLCX" not in pairs(witnessed(None, other))["plan", "log"].errors


def test_a_position_that_is_no_number_does_not_pass() -> None:
    (pair,) = pairs(witnessed(None, moved(3, np.nan))).values()
    assert pair.verdict is Verdict.FAIL
    assert pair.exceeded == ("MLCX",)
