"""Numbers, dates and texts keep to the rules of their value representation."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.valuerep import DSfloat

from gateway.dicom.elements import clipped, date, date_time, ds, measured_angle, time


@given(st.floats(-1e300, 1e300))
def test_decimal_strings_fit_and_keep_their_value(value: float) -> None:
    text = ds(value)
    assert 1 <= len(text) <= 16
    # 16 characters hold at least 9 digits beside sign, point and a three-digit exponent
    assert float(DSfloat(text)) == pytest.approx(value, rel=1e-8, abs=5e-324)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"finite|nan|inf"):
        ds(value)


def test_zero_has_no_sign() -> None:
    assert ds(-0.0) == "0.0"


@given(st.floats(-1e6, 1e6))
def test_measured_angles_stay_below_a_full_turn(angle: float) -> None:
    wrapped = measured_angle(angle)
    assert 0.0 <= wrapped < 360.0
    # rounded to 0.001 degree
    assert abs((wrapped - angle + 180.0) % 360.0 - 180.0) <= 0.000501


def test_times_are_utc_with_microseconds() -> None:
    at = 1_700_000_000_123_456_789
    assert (date(at), time(at)) == ("20231114", "221320.123456")
    assert date_time(at) == "20231114221320.123456+0000"


@given(st.text(), st.integers(1, 64))
def test_clipped_text_is_short_and_has_one_line(text: str, length: int) -> None:
    result = clipped(text, length)
    assert len(result) <= length
    assert "\\" not in result
    assert "\n" not in result
