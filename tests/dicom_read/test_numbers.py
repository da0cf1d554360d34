"""Texts that are numbers, and texts that only look like them (PS3.5 6.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dicom.numbers import NotANumber, decimals, integers

HOSTILE = [
    "nan", "NaN", "inf", "-inf", "Infinity", "1e400", "-1e400", "1_000", "0x10", "1,5", "1.2.3",
    "--1", "+-1", "-", "+", ".", "e5", "1e", "1e+", "1 2", "1\t", "\u0661", "1\u00a0", "1f", "1d5",
    "one", "1e5.5", "1\n", "$1", "1%", "(1)", "1/2", "0b1", "0o7", "1j", "TRUE", "None", "NULL",
    "1e99999", "\uff11",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_no_decimals(text: str) -> None:
    with pytest.raises(NotANumber):
        decimals(text.encode())


@pytest.mark.timeout(30)
def test_a_long_text_is_refused_in_one_look() -> None:
    """Looking at every way to split a million digits takes hours."""
    with pytest.raises(NotANumber):
        decimals(b"1" * 1_000_000 + b"x")


@pytest.mark.parametrize(
    "text", [*HOSTILE, "1.0", "1e3", "2147483648", "-2147483649", "12345678901"]
)
def test_hostile_texts_are_no_integers(text: str) -> None:
    with pytest.raises(NotANumber):
        integers(text.encode())


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1.0e0", [1.0]),
        ("7.0867745e-10", [7.0867745e-10]),
        (" 12.5 ", [12.5]),
        ("-.5", [-0.5]),
        ("5.", [5.0]),
        ("+1E+2", [100.0]),
        ("1\\2\\3 ", [1.0, 2.0, 3.0]),
        ("100.00000000000001", [100.00000000000001]),
        ("0\0", [0.0]),
    ],
)
def test_what_dicom_allows_is_read(text: str, values: list[float]) -> None:
    assert decimals(text.encode()).tolist() == values


@pytest.mark.parametrize("text", ["1\\", "\\1", "1\\\\2"])
def test_an_empty_value_among_values_is_refused(text: str) -> None:
    with pytest.raises(NotANumber):
        decimals(text.encode())


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_every_finite_number_comes_back(values: list[float]) -> None:
    text = "\\".join(repr(value) for value in values)
    assert decimals(text.encode()).tolist() == values


@given(st.binary(max_size=24))
def test_any_bytes_are_a_number_or_a_clear_error(raw: bytes) -> None:
    for read in (decimals, integers):
        said = ""
        try:
            values = read(raw)
        except NotANumber as problem:
            said = str(problem)
        assert said or len(values)
