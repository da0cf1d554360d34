"""When to try again what failed: later each time, never very late, and not all at one moment."""

import hashlib

from gateway.domain.units import NS_PER_S

FIRST_S = 1.0
LONGEST_S = 300.0
SPREAD = 0.2
"""A wait is between 1 - SPREAD and 1 + SPREAD of its nominal length."""


def backoff_ns(tries: int, key: str) -> int:
    """How long to wait after the ``tries``-th failure in a row, counted from 1; nanoseconds.

    The nominal wait doubles from ``FIRST_S`` up to ``LONGEST_S``. It is spread by ``key`` (what
    failed), so that one thing always waits the same, and many do not come back together.
    """
    if tries < 1:
        raise ValueError(f"{tries} failures give nothing to wait for")
    doublings = min(tries - 1, 32)
    nominal_s = min(LONGEST_S, FIRST_S * 2.0**doublings)
    return round(nominal_s * (1.0 + SPREAD * _signed_fraction(key, tries)) * NS_PER_S)


def _signed_fraction(key: str, tries: int) -> float:
    digest = hashlib.sha256(f"{tries}|{key}".encode()).digest()
    return 2.0 * int.from_bytes(digest[:6], "big") / 2**48 - 1.0
