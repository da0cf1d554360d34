"""Samples as rows of bytes: what goes in comes out, bit by bit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.delivery import MachineSample
from gateway.domain.errors import InputError
from gateway.domain.telemetry import BeamTelemetry
from gateway.formats.telemetry_rows import pack_sample, row_dtype, telemetry_from_rows
from tests.formats.builders import LAYOUTS, samples

NO_TIMES = np.empty(0, dtype=np.int64)
LAYOUT = AxisLayout((Axis.GANTRY,), (("MLCX", 2),))


def unpacked(layout: AxisLayout, rows: bytes) -> BeamTelemetry:
    return telemetry_from_rows(1, layout, rows, NO_TIMES, {})


@given(data=st.data())
def test_any_sample_comes_back_exactly(data: Any) -> None:
    layout = data.draw(LAYOUTS)
    originals: list[MachineSample] = data.draw(st.lists(samples(layout), max_size=5))
    packed = [pack_sample(sample) for sample in originals]
    assert {len(row) for row in packed} <= {row_dtype(layout).itemsize}
    columns = unpacked(layout, b"".join(packed))
    assert columns.positions.shape == (len(originals), layout.size)
    assert columns.positions.dtype == np.int32
    for place, sample in enumerate(originals):
        for name in ("sequence", "machine_time_ns", "received_ns", "state", "interlocks"):
            assert getattr(columns, name)[place] == getattr(sample, name)
        for name in ("program_s", "meterset_mu", "dose_rate_mu_per_min"):
            np.testing.assert_array_equal(getattr(columns, name)[place], getattr(sample, name))
        np.testing.assert_array_equal(columns.positions[place], sample.positions)


def test_a_row_is_laid_out_as_it_always_was() -> None:
    """Stored rows must be readable by every later version: little-endian, at these places."""
    dtype = row_dtype(LAYOUT)
    assert dtype.itemsize == 56 + 4 * 5
    assert {name: field[1] for name, field in dtype.fields.items()} == {
        "sequence": 0,
        "machine_time_ns": 8,
        "received_ns": 16,
        "state": 24,
        "interlocks": 26,
        "program_s": 32,
        "meterset_mu": 40,
        "dose_rate_mu_per_min": 48,
        "positions": 56,
    }


@pytest.mark.parametrize("size", [1, 75, 77])
def test_rows_that_are_not_whole_are_refused(size: int) -> None:
    with pytest.raises(InputError, match=f"beam 1: {size} bytes are not whole rows"):
        unpacked(LAYOUT, bytes(size))
