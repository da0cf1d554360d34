"""A trajectory as a table for other programs: every axis and leaf, with its unit in its name."""

import io
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from gateway.domain.axes import banks
from gateway.domain.trajectory import Trajectory

DECIMALS = 6
"""Of what is written: nanometres, microdegrees, millionths of an MU."""


def trajectory_csv(trajectories: Sequence[Trajectory]) -> bytes:
    """Comma-separated values with one line of names; beams below each other."""
    buffer = io.BytesIO()
    csv.write_csv(_table(trajectories), buffer)
    return buffer.getvalue()


def trajectory_parquet(trajectories: Sequence[Trajectory]) -> bytes:
    """The same as a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(_table(trajectories), buffer, compression="zstd")
    return buffer.getvalue()


def _table(trajectories: Sequence[Trajectory]) -> pa.Table:
    tables = [pa.table(dict(_columns(one))) for one in trajectories]
    return pa.concat_tables(tables, promote_options="default")


def _columns(one: Trajectory) -> Iterator[tuple[str, pa.Array]]:
    count = one.time_s.size
    yield "beam", pa.array(np.full(count, one.beam_number, dtype=np.int32))
    for name, values in (
        ("time_s", one.time_s),
        ("meterset_mu", one.meterset_mu),
        ("control_point", one.control_point),
    ):
        yield name, pa.array(np.round(values, DECIMALS))
    yield "beam_on", pa.array(one.beam_on)
    yield "held", pa.array(one.held)
    for axis, values in one.axes.items():
        yield f"{axis.value}_{axis.unit}", pa.array(np.round(values, DECIMALS))
    for device, leaves in one.leaves.items():
        pairs = leaves.shape[1] // 2
        for side, bank in enumerate(banks(device)):
            for leaf in range(pairs):
                values = np.round(leaves[:, side * pairs + leaf], DECIMALS)
                yield f"{device}_{bank}_{leaf + 1:02d}_mm", pa.array(values)
