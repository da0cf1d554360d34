"""How long what failed waits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.backoff import FIRST_S, LONGEST_S, SPREAD, backoff_ns
from gateway.domain.units import NS_PER_S


@given(st.integers(1, 10_000), st.text())
def test_between_its_bounds_and_always_the_same(tries: int, key: str) -> None:
    waits_s = backoff_ns(tries, key) / NS_PER_S
    nominal_s = min(LONGEST_S, FIRST_S * 2.0 ** min(tries - 1, 20))
    assert (1 - SPREAD) * nominal_s <= waits_s <= (1 + SPREAD) * nominal_s
    assert backoff_ns(tries, key) == backoff_ns(tries, key)


def test_many_do_not_come_back_together() -> None:
    waits = sorted(backoff_ns(9, f"2.25.{number}") / NS_PER_S for number in range(200))
    assert len(set(waits)) == 200
    spread_s = 2 * SPREAD * 256.0
    assert waits[-1] - waits[0] > 0.9 * spread_s


def test_a_day_of_failures_is_a_few_hundred_tries() -> None:
    day_s, tries, gone_s = 86_400.0, 0, 0.0
    while gone_s < day_s:
        tries += 1
        gone_s += backoff_ns(tries, "ARCHIVE") / NS_PER_S
    assert 250 < tries < 350


def test_no_failure_has_no_wait() -> None:
    with pytest.raises(ValueError, match="0 failures"):
        backoff_ns(0, "")
