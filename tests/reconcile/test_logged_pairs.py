"""What a log that differs is called, by which of its two pairs it differs in."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.domain.cause import Cause
from gateway.domain.reconciliation import Verdict
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import frozen
from gateway.reconcile import reconcile
from gateway.reconcile.pairs import reconcile_log_pairs
from tests.reconcile.builders import tolerances
from tests.reconcile.test_pairs import DONE, EVIDENCE, moved, witnessed


def causes(log: Trajectory, telemetry: Trajectory = DONE) -> tuple[Cause, ...]:
    pairs = reconcile_log_pairs(witnessed(telemetry, log), tolerances())
    assert [pair.witnesses for pair in pairs] == [("plan", "log"), ("telemetry", "log")]
    evidence = replace(EVIDENCE, delivered=telemetry)
    result = reconcile([evidence], tolerances(), {}, {EVIDENCE.beam.number: pairs})
    assert (result.verdict is Verdict.FAIL) == bool(result.causes)
    assert result.beams[0].pairs == pairs
    return result.causes


def test_a_log_that_agrees_says_nothing() -> None:
    assert causes(DONE) == ()


def test_a_log_that_is_off_plan_and_telemetry_is_a_wrong_one() -> None:
    (cause,) = causes(moved(4, 2.0))
    assert (cause.cause, cause.axis, cause.bank, cause.leaf) == ("wrong-log", "MLCX", "X1", 5)
    assert cause.error == pytest.approx(2.0, abs=0.2)


def test_a_log_of_less_dose_is_a_wrong_one() -> None:
    short = replace(DONE, meterset_mu=frozen(0.8 * DONE.meterset_mu))
    names = [cause.cause for cause in causes(short)]
    assert names == ["wrong-log"]


def test_a_machine_that_knows_of_its_error_is_not_blamed_for_its_log() -> None:
    assert [cause.cause for cause in causes(moved(4, 2.0), moved(4, 2.0))] == ["leaf-offset"]


def test_telemetry_that_is_off_a_log_within_tolerance_is_told() -> None:
    """Each within tolerance of the plan, 0.8 mm RMS apart."""
    (cause,) = causes(moved(4, 0.4), telemetry=moved(4, -0.4))
    assert cause.cause == "telemetry-not-as-logged"


def test_a_log_that_outlives_the_telemetry_is_no_wrong_one() -> None:
    half = DONE.time_s.size // 2
    ended = replace(
        DONE,
        meterset_mu=frozen(np.minimum(DONE.meterset_mu, DONE.meterset_mu[half])),
    )
    assert "wrong-log" not in {cause.cause for cause in causes(DONE, telemetry=ended)}
