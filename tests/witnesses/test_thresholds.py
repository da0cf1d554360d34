"""The threshold keeps the family's error, whatever the number of tests."""

import math

import pytest

from gateway.reconcile.witnesses.thresholds import family_threshold


@pytest.mark.parametrize("tests", [1, 30, 400, 5000])
@pytest.mark.parametrize("family_error", [1e-5, 0.01])
def test_a_family_errs_as_often_as_stated(tests: int, family_error: float) -> None:
    """Independent tests: 1 - (1 - p)^n with p the two tails beyond the threshold."""
    p = math.erfc(family_threshold(tests, family_error) / math.sqrt(2.0))
    assert -math.expm1(tests * math.log1p(-p)) == pytest.approx(family_error, rel=1e-6)


def test_about_five_and_a_half_uncertainties_for_the_axes_of_a_machine() -> None:
    assert family_threshold(3 * 127) == pytest.approx(5.56, abs=0.01)
