"""Telemetry samples as fixed rows of bytes: what the store keeps while a beam runs."""

import struct
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.delivery import MachineSample
from gateway.domain.errors import InputError
from gateway.domain.telemetry import BeamTelemetry, Int64Array
from gateway.domain.units import FloatArray

_HEAD = struct.Struct("<qqqBxHxxxxddd")


@lru_cache(maxsize=16)
def row_dtype(layout: AxisLayout) -> np.dtype[np.void]:
    """The row of a machine with ``layout``; little-endian, no gaps but those named."""
    return np.dtype(
        {
            "names": [
                "sequence",
                "machine_time_ns",
                "received_ns",
                "state",
                "interlocks",
                "program_s",
                "meterset_mu",
                "dose_rate_mu_per_min",
                "positions",
            ],
            "formats": [
                "<i8",
                "<i8",
                "<i8",
                "u1",
                "<u2",
                "<f8",
                "<f8",
                "<f8",
                f"({layout.size},)<i4",
            ],
            "offsets": [0, 8, 16, 24, 26, 32, 40, 48, _HEAD.size],
            "itemsize": _HEAD.size + 4 * layout.size,
        }
    )


def pack_sample(sample: MachineSample) -> bytes:
    """One row."""
    head = _HEAD.pack(
        sample.sequence,
        sample.machine_time_ns,
        sample.received_ns,
        sample.state,
        sample.interlocks,
        sample.program_s,
        sample.meterset_mu,
        sample.dose_rate_mu_per_min,
    )
    return head + sample.positions.astype("<i4", copy=False).tobytes()


def telemetry_from_rows(
    beam_number: int,
    layout: AxisLayout,
    rows: bytes,
    couch_time_ns: Int64Array,
    couch_mm: Mapping[Axis, FloatArray],
) -> BeamTelemetry:
    """The columns of packed rows. Raises InputError when ``rows`` is not a whole number of rows."""
    dtype = row_dtype(layout)
    if len(rows) % dtype.itemsize:
        raise InputError(f"telemetry of beam {beam_number}: {len(rows)} bytes are not whole rows")
    table = np.frombuffer(rows, dtype=dtype)
    return BeamTelemetry(
        beam_number=beam_number,
        layout=layout,
        sequence=_int64(table, "sequence"),
        machine_time_ns=_int64(table, "machine_time_ns"),
        received_ns=_int64(table, "received_ns"),
        state=_int64(table, "state"),
        interlocks=_int64(table, "interlocks"),
        program_s=table["program_s"].astype(np.float64),
        meterset_mu=table["meterset_mu"].astype(np.float64),
        dose_rate_mu_per_min=table["dose_rate_mu_per_min"].astype(np.float64),
        positions=table["positions"].astype(np.int32),
        couch_time_ns=couch_time_ns,
        couch_mm=couch_mm,
    )


def _int64(table: npt.NDArray[np.void], name: str) -> Int64Array:
    column: Int64Array = table[name].astype(np.int64)
    return column
