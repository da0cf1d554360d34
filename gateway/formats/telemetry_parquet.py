"""A beam's telemetry as a Parquet file: integers with a scale, one column a position.

Every column has the metadata ``unit`` and ``scale``: value = integer * scale. Positions have
0.001 mm or degree, metersets 1e-6 MU, dose rates 0.001 MU/min, times 1 ns, path positions 1e-6.
The couch's own reports, which come on another line and at another rate, stand whole in the file's
metadata (``couch``); their columns hold the latest report at each sample (null before the first).
"""

import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.errors import InputError
from gateway.domain.telemetry import BeamTelemetry, Int64Array
from gateway.domain.units import FloatArray

METERSET_SCALE = 1e-6
RATE_SCALE = 1e-3
PATH_SCALE = 1e-6
POSITION_SCALE = 1e-3
_TIMES = ("sequence", "machine_time_ns", "received_ns", "state", "interlocks")
_SCALED = (
    ("program_s", "1", PATH_SCALE),
    ("meterset_mu", "MU", METERSET_SCALE),
    ("dose_rate_mu_per_min", "MU/min", RATE_SCALE),
)


def write_telemetry(telemetry: BeamTelemetry) -> bytes:
    """The file's bytes; the same telemetry gives the same bytes."""
    fields: list[pa.Field] = []
    arrays: list[pa.Array] = []

    def add(name: str, unit: str, scale: float, values: pa.Array) -> None:
        metadata = {"unit": unit, "scale": repr(scale)}
        fields.append(pa.field(name, values.type, metadata=metadata))
        arrays.append(values)

    for name in _TIMES:
        unit = "ns" if name.endswith("_ns") else "1"
        add(name, unit, 1, pa.array(getattr(telemetry, name), pa.int64()))
    for name, unit, scale in _SCALED:
        values = np.round(getattr(telemetry, name) / scale).astype(np.int64)
        add(name, unit, scale, pa.array(values, pa.int64()))
    for column, name in enumerate(telemetry.layout.names):
        scalars = telemetry.layout.scalars
        unit = scalars[column].unit if column < len(scalars) else "mm"
        positions = np.ascontiguousarray(telemetry.positions[:, column])
        add(name, unit, POSITION_SCALE, pa.array(positions, pa.int32()))
    for axis in sorted(telemetry.couch_mm):
        add(axis.value, axis.unit, POSITION_SCALE, _couch_column(telemetry, axis))
    schema = pa.schema(fields, metadata={"beam": json.dumps(_header(telemetry), sort_keys=True)})
    buffer = io.BytesIO()
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=schema),
        buffer,
        compression="zstd",
        use_dictionary=False,
        column_encoding={field.name: "DELTA_BINARY_PACKED" for field in fields},
    )
    return buffer.getvalue()


def read_telemetry(content: bytes) -> BeamTelemetry:
    """The telemetry in ``content``. Raises InputError when it is not such a file."""
    try:
        table = pq.read_table(io.BytesIO(content))
        header = json.loads(table.schema.metadata[b"beam"])
        return _telemetry(table, header)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"not a telemetry file: {error}") from error


def _header(telemetry: BeamTelemetry) -> dict[str, Any]:
    return {
        "beam_number": telemetry.beam_number,
        "scalars": list(telemetry.layout.scalars),
        "mlcs": [list(mlc) for mlc in telemetry.layout.mlcs],
        "couch_time_ns": telemetry.couch_time_ns.tolist(),
        "couch_mm": {axis.value: values.tolist() for axis, values in telemetry.couch_mm.items()},
    }


def _couch_column(telemetry: BeamTelemetry, axis: Axis) -> pa.Array:
    order = np.argsort(telemetry.couch_time_ns, kind="stable")
    times_ns, values = telemetry.couch_time_ns[order], telemetry.couch_mm[axis][order]
    latest = np.searchsorted(times_ns, telemetry.received_ns, side="right") - 1
    milli = np.zeros(latest.size, dtype=np.int32)
    known = latest >= 0
    milli[known] = np.round(values[latest[known]] / POSITION_SCALE).astype(np.int32)
    return pa.array(milli, pa.int32(), mask=~known)


def _telemetry(table: pa.Table, header: dict[str, Any]) -> BeamTelemetry:
    layout = AxisLayout(
        tuple(Axis(axis) for axis in header["scalars"]),
        tuple((str(device), int(pairs)) for device, pairs in header["mlcs"]),
    )
    scale = {name: factor for name, _, factor in _SCALED}

    def counted(name: str) -> Int64Array:
        column: Int64Array = table.column(name).to_numpy()
        return column

    def scaled(name: str) -> FloatArray:
        values: FloatArray = table.column(name).to_numpy() * scale[name]
        return values

    positions = [table.column(name).to_numpy().astype(np.int32) for name in layout.names]
    rows = table.num_rows
    return BeamTelemetry(
        beam_number=int(header["beam_number"]),
        layout=layout,
        sequence=counted("sequence"),
        machine_time_ns=counted("machine_time_ns"),
        received_ns=counted("received_ns"),
        state=counted("state"),
        interlocks=counted("interlocks"),
        program_s=scaled("program_s"),
        meterset_mu=scaled("meterset_mu"),
        dose_rate_mu_per_min=scaled("dose_rate_mu_per_min"),
        positions=np.stack(positions, axis=1) if positions else np.empty((rows, 0), np.int32),
        couch_time_ns=np.array(header["couch_time_ns"], dtype=np.int64),
        couch_mm={Axis(axis): np.array(mm) for axis, mm in header["couch_mm"].items()},
    )
