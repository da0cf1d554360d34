"""Looking up a beam's measured motion by control point or by meterset."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.record import RecordedBeam
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray


@dataclass(frozen=True, slots=True)
class DeliveredPath:
    """The part of a trajectory from beam-on, addressed by fractional row.

    ``on_time_s`` is the time the beam was on up to each row. All columns have equal length.
    """

    time_s: FloatArray
    on_time_s: FloatArray
    meterset_mu: FloatArray
    control_point: FloatArray
    axes: Mapping[Axis, FloatArray]
    leaves: Mapping[str, FloatArray]
    wait_s: float

    @classmethod
    def of(cls, trajectory: Trajectory) -> "DeliveredPath":
        """From the first sample with the beam on; the whole of it where the beam never was."""
        first = int(np.argmax(trajectory.beam_on))
        time = trajectory.time_s[first:]
        on = trajectory.beam_on[first:].astype(np.float64)
        spans = np.diff(time, prepend=time[:1])
        return cls(
            time_s=time,
            on_time_s=np.cumsum(spans * on),
            meterset_mu=np.maximum.accumulate(trajectory.meterset_mu[first:]),
            control_point=np.maximum.accumulate(trajectory.control_point[first:]),
            axes={axis: column[first:] for axis, column in trajectory.axes.items()},
            leaves={device: rows[first:] for device, rows in trajectory.leaves.items()},
            wait_s=float(time[0] - trajectory.time_s[0]),
        )

    def rows_at_control_points(self, control_points: FloatArray) -> FloatArray:
        """The row at which each plan control point was first reached, within the path."""
        return _first_rows(self.control_point, control_points)

    def rows_at_metersets(self, metersets_mu: FloatArray) -> FloatArray:
        """The row at which each cumulative meterset was first reached, within the path."""
        return _first_rows(self.meterset_mu, metersets_mu)


def delivered_path(recorded: RecordedBeam) -> DeliveredPath | None:
    """The path of a delivered beam; None where there is no telemetry of it."""
    trajectory = recorded.delivered
    if trajectory is None or trajectory.time_s.size == 0:
        return None
    return DeliveredPath.of(trajectory)


def at_rows(column: FloatArray, rows: FloatArray) -> FloatArray:
    """``column`` (n,) or (n, k) interpolated at fractional ``rows``."""
    before = np.floor(rows).astype(np.int64)
    after = np.minimum(before + 1, column.shape[0] - 1)
    part = rows - before
    if column.ndim == 2:
        part = part[:, None]
    values: FloatArray = column[before] * (1.0 - part) + column[after] * part
    return values


def _first_rows(ascending: FloatArray, values: FloatArray) -> FloatArray:
    after = np.clip(np.searchsorted(ascending, values, side="left"), 0, ascending.size - 1)
    before = np.maximum(after - 1, 0)
    span = ascending[after] - ascending[before]
    part = np.divide(values - ascending[before], span, out=np.ones_like(values), where=span > 0.0)
    rows: FloatArray = np.where(after == before, after, before + np.clip(part, 0.0, 1.0))
    return rows
