"""How far from 0 a difference must be to count, when many are looked at (docs/causes.md)."""

import math
from statistics import NormalDist

FAMILY_ERROR = 1e-5
"""The probability that a beam without fault shows any difference: 1 % in 1,000 beams."""


def family_threshold(tests: int, family_error: float = FAMILY_ERROR) -> float:
    """In standard uncertainties: ``tests`` Gaussian differences, two-sided, Sidak's correction.

    Each test may err with p = 1 - (1 - family_error)^(1 / tests). Where the differences depend on
    each other the family errs less often.
    """
    each = -math.expm1(math.log1p(-family_error) / max(tests, 1))
    return -NormalDist().inv_cdf(0.5 * each)
