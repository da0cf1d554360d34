import numpy as np
import pytest

from gateway.domain.units import frozen


def test_frozen_values_are_a_copy_that_nobody_can_change():
    values = np.arange(3.0)
    kept = frozen(values)
    values[0] = 9.0
    assert kept.tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 1.0


def test_what_nobody_can_change_is_not_copied_again():
    once = frozen([1, 2])
    assert frozen(once) is once
    assert frozen(once[:1]) is not once
