"""Telemetry of a beam as columns with units."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import numpy as np

from gateway.adapters.web.problems import Refused, not_found
from gateway.app.evidence import beam_telemetry, stored_program
from gateway.delivery.ledger import DeliveryEntry
from gateway.domain.errors import InputError
from gateway.domain.telemetry import BeamTelemetry
from gateway.formats.telemetry_parquet import write_telemetry
from gateway.ports.store import RecordReader

MOST_VALUES = 2_000_000
_MILLI = 1000
_OWN = (
    ("sequence", "1"),
    ("machine_time_ns", "ns"),
    ("state", "1"),
    ("interlocks", "1"),
    ("program_s", "1"),
    ("meterset_mu", "MU"),
    ("dose_rate_mu_per_min", "MU/min"),
)


def read_beam(store: RecordReader, entry: DeliveryEntry, beam: int) -> BeamTelemetry:
    """What came back of a beam so far. Raises Refused where there is nothing."""
    if beam not in entry.beams or f"program_beam_{beam}.npz" not in entry.files:
        raise not_found("beam, or it was never begun")
    try:
        program = stored_program(store, entry.delivery_id, beam)
        telemetry = beam_telemetry(store, entry.delivery_id, program)
    except InputError as error:
        raise Refused(
            HTTPStatus.INTERNAL_SERVER_ERROR, f"beam {beam}: its files cannot be read"
        ) from error
    if telemetry is None:
        raise not_found("telemetry: the beam was never on")
    return telemetry


def as_parquet(telemetry: BeamTelemetry) -> bytes:
    """The file of a beam whose own is not written yet."""
    return write_telemetry(telemetry)


def as_columns(telemetry: BeamTelemetry, every: int, wanted: Sequence[str]) -> Mapping[str, Any]:
    """Every ``every``-th sample of the named columns, of all without names. Raises Refused."""
    layout = telemetry.layout
    units = {**dict(_OWN), **_axis_units(telemetry)}
    unknown = sorted(set(wanted) - set(units))
    if unknown:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"there is no column {unknown[0]}")
    names = [name for name in units if not wanted or name in wanted]
    rows = -(-int(telemetry.sequence.size) // every)
    if rows * len(names) > MOST_VALUES:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"{rows} samples of {len(names)} columns are too many in JSON: name columns, take "
            "every=, or ask for Parquet",
        )
    places = {name: place for place, name in enumerate(layout.names)}
    columns = []
    for name in names:
        if name in places:
            values = (telemetry.positions[::every, places[name]] / _MILLI).tolist()
        elif name in dict(_OWN):
            values = getattr(telemetry, name)[::every].tolist()
        else:
            values = _couch(telemetry, name)[::every]
        columns.append({"name": name, "unit": units[name], "values": values})
    return {
        "beam": telemetry.beam_number,
        "samples": int(telemetry.sequence.size),
        "every": every,
        "columns": columns,
    }


def _axis_units(telemetry: BeamTelemetry) -> Mapping[str, str]:
    layout = telemetry.layout
    own = {axis.value: axis.unit for axis in layout.scalars}
    leaves = dict.fromkeys(layout.names[len(layout.scalars) :], "mm")
    return {**own, **leaves, **{axis.value: axis.unit for axis in telemetry.couch_mm}}


def _couch(telemetry: BeamTelemetry, name: str) -> list[float | None]:
    """The latest couch report at each sample; None before the first."""
    axis = next(axis for axis in telemetry.couch_mm if axis.value == name)
    order = np.argsort(telemetry.couch_time_ns, kind="stable")
    times, values = telemetry.couch_time_ns[order], telemetry.couch_mm[axis][order]
    latest = np.searchsorted(times, telemetry.received_ns, side="right") - 1
    return [None if place < 0 else float(values[place]) for place in latest.tolist()]
