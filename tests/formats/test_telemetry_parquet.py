"""Telemetry as Parquet: exact, the same bytes each time, and readable without us."""

import io
from dataclasses import fields, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.axes import COUCH_TRANSLATIONS, Axis, AxisLayout
from gateway.domain.errors import InputError
from gateway.domain.telemetry import BeamTelemetry
from gateway.formats.telemetry_parquet import read_telemetry, write_telemetry
from tests.formats.builders import telemetry

GRID = {"program_s": 1e-6, "meterset_mu": 1e-6, "dose_rate_mu_per_min": 1e-3}


def small(couch_time_ns: list[int], couch_mm: list[float]) -> BeamTelemetry:
    """Three samples received at 10, 20 and 30 ns, and the couch's lateral reports."""
    return BeamTelemetry(
        beam_number=4,
        layout=AxisLayout((Axis.GANTRY, Axis.X1), (("MLCX", 1),)),
        sequence=np.array([1, 2, 4]),
        machine_time_ns=np.array([1, 2, 3]),
        received_ns=np.array([10, 20, 30]),
        state=np.array([4, 4, 6]),
        interlocks=np.array([0, 4, 0]),
        program_s=np.array([0.0, 0.5, 1.0]),
        meterset_mu=np.array([0.0, 0.1234564, 100.0]),
        dose_rate_mu_per_min=np.array([0.0, 600.0004, 0.0]),
        positions=np.arange(12, dtype=np.int32).reshape(3, 4),
        couch_time_ns=np.array(couch_time_ns, dtype=np.int64),
        couch_mm={Axis.COUCH_LATERAL: np.array(couch_mm, dtype=np.float64)},
    )


def table(original: BeamTelemetry) -> pa.Table:
    return pq.read_table(io.BytesIO(write_telemetry(original)))


def check_same(one: BeamTelemetry, other: BeamTelemetry) -> None:
    for field in fields(BeamTelemetry):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if field.name == "couch_mm":
            assert left.keys() == right.keys()
            for axis in left:
                np.testing.assert_array_equal(left[axis], right[axis])
        elif isinstance(left, np.ndarray):
            assert left.dtype == right.dtype, field.name
            np.testing.assert_array_equal(left, right, err_msg=field.name)
        else:
            assert left == right, field.name


@settings(max_examples=60, deadline=None)
@given(original=telemetry())
def test_what_lies_on_the_grid_comes_back_exactly_and_in_the_same_bytes(
    original: BeamTelemetry,
) -> None:
    content = write_telemetry(original)
    again = read_telemetry(content)
    check_same(again, original)
    assert write_telemetry(again) == content
    assert write_telemetry(original) == content


@given(meterset_mu=st.floats(0.0, 10_000.0), rate=st.floats(0.0, 3000.0))
@settings(max_examples=30, deadline=None)
def test_what_lies_between_is_kept_to_half_a_step(meterset_mu: float, rate: float) -> None:
    original = replace(
        small([], []),
        meterset_mu=np.full(3, meterset_mu),
        dose_rate_mu_per_min=np.full(3, rate),
    )
    again = read_telemetry(write_telemetry(original))
    for name in ("meterset_mu", "dose_rate_mu_per_min"):
        error = np.abs(getattr(again, name) - getattr(original, name))
        assert np.all(error <= 0.5 * GRID[name] + 1e-11)  # and the rounding of a double of 1e4


def test_every_column_says_its_unit_and_scale() -> None:
    schema = table(small([], [])).schema
    described = {
        field.name: (field.metadata[b"unit"].decode(), float(field.metadata[b"scale"]))
        for field in schema
    }
    assert described == {
        "sequence": ("1", 1),
        "machine_time_ns": ("ns", 1),
        "received_ns": ("ns", 1),
        "state": ("1", 1),
        "interlocks": ("1", 1),
        "program_s": ("1", 1e-6),
        "meterset_mu": ("MU", 1e-6),
        "dose_rate_mu_per_min": ("MU/min", 1e-3),
        "gantry": ("deg", 1e-3),
        "X1": ("mm", 1e-3),
        "MLCX_X1_01": ("mm", 1e-3),
        "MLCX_X2_01": ("mm", 1e-3),
        "couch_lateral": ("mm", 1e-3),
    }
    assert all(pa.types.is_integer(field.type) for field in schema)


def test_somebody_else_reads_values_by_integer_times_scale() -> None:
    written = table(small([], []))
    metersets = written.column("meterset_mu").to_numpy()
    assert metersets.tolist() == [0, 123456, 100_000_000]
    assert written.column("dose_rate_mu_per_min").to_pylist() == [0, 600_000, 0]
    assert written.column("MLCX_X2_01").to_pylist() == [3, 7, 11]


@pytest.mark.parametrize(
    ("times", "positions", "expected"),
    [
        ([], [], [None, None, None]),
        ([5], [1.5], [1500, 1500, 1500]),
        ([15], [1.5], [None, 1500, 1500]),
        ([10, 30], [1.0, 2.0], [1000, 1000, 2000]),
        ([40], [1.0], [None, None, None]),
        ([5, 25, 15], [1.0, 3.0, 2.0], [1000, 2000, 3000]),
        ([25, 5], [3.0, 1.0], [1000, 1000, 3000]),
        ([5, 5], [1.0, 2.0], [2000, 2000, 2000]),
    ],
)
def test_each_sample_has_the_latest_report_of_the_couch(
    times: list[int], positions: list[float], expected: list[int | None]
) -> None:
    """Whatever the order of the reports; of two at one time, the one that came last."""
    original = small(times, positions)
    assert table(original).column("couch_lateral").to_pylist() == expected
    again = read_telemetry(write_telemetry(original))
    assert again.couch_time_ns.tolist() == times
    assert again.couch_mm[Axis.COUCH_LATERAL].tolist() == positions


def _another_table() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"x": [1, 2]}), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("content", [b"", b"PAR1", bytes(1000), b"\x89PNG", _another_table()])
def test_another_file_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="not a telemetry file"):
        read_telemetry(content)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_read_and_never_crashes(data: st.DataObject) -> None:
    content = bytearray(write_telemetry(small([5, 15], [1.0, 2.0])))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    try:
        again = read_telemetry(bytes(content[:end]))
    except InputError:
        return
    assert again.positions.shape == (again.sequence.size, again.layout.size)


def test_couch_axes_have_columns_of_their_own() -> None:
    original = replace(
        small([1], [1.0]),
        couch_mm={axis: np.array([float(n)]) for n, axis in enumerate(COUCH_TRANSLATIONS)},
    )
    names = table(original).column_names
    assert names[-3:] == ["couch_lateral", "couch_longitudinal", "couch_vertical"]
