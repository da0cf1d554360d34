"""Where an error begins that is out of tolerance by its RMS, but at no single moment."""

import numpy as np
import pytest

from gateway.domain.units import FloatArray
from gateway.reconcile import reconcile
from tests.reconcile.builders import Machine, deliver, leaf_column, tolerances
from tests.reconcile.sketches import sliding_window

OFFSET_MM = 0.8
"""Below the largest single error allowed (1.0 mm), above the RMS allowed (0.5 mm)."""


@pytest.mark.parametrize("since", [0, 6])
@pytest.mark.parametrize("seed", range(3))
def test_an_offset_within_the_maximum_is_named_from_where_it_began(since: int, seed: int) -> None:
    sketch = sliding_window()
    column = leaf_column(sketch, "X2", 3)

    def commanded(target: FloatArray, s: float) -> FloatArray:
        target[column] += OFFSET_MM if s >= since else 0.0
        return target

    machine = Machine(seed=seed, noise_mm=0.02, commanded=commanded)
    (cause,) = reconcile([deliver(sketch, machine)], tolerances()).causes
    assert (cause.cause, cause.bank, cause.leaf) == ("leaf-offset", "X2", 3)
    assert cause.control_point == since
    assert cause.error is not None
    # 20 mm/s with 5 ms of lag is 0.1 mm, noise of 0.02 mm to four standard deviations
    assert np.isclose(cause.error, OFFSET_MM, atol=0.18)
