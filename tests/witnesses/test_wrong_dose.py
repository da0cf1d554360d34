"""A log of another beam of the same field tells another dose: the log is wrong, not the output."""

from dataclasses import replace

import pytest

from gateway.domain.units import frozen
from gateway.domain.witnesses import Diagnosis
from gateway.reconcile.witnesses import compare_witnesses
from tests.witnesses.builders import Faults, static, witnessed


def test_a_log_of_less_dose_is_a_wrong_log() -> None:
    three = witnessed(static(1), Faults(), 1)
    less = replace(three.logged, meterset_mu=frozen(0.8 * three.logged.meterset_mu))
    matrix = compare_witnesses(three.planned, less, three.image)
    (cause,) = matrix.causes
    assert (cause.cause.cause, cause.quantity) == ("wrong-log", "meterset")
    assert cause.cause.error == pytest.approx(0.2, abs=0.01)
    assert matrix.row("meterset").diagnosis is Diagnosis.WRONG_LOG
