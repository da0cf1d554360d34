"""What stood where when a beam was delivered, as text for records and images.

Measured positions take precedence; what was not measured is stated as the plan has it.
"""

from collections.abc import Mapping

import numpy as np

from gateway.dicom.control_point_motion import ANGLES, TABLE_TOP, Motion
from gateway.dicom.delivered_path import DeliveredPath, at_rows
from gateway.dicom.elements import MEASURED_DECIMALS, ds, ds_list, measured_angle
from gateway.domain.axes import JAW_DEVICES, Axis
from gateway.domain.plan import Beam
from gateway.domain.units import FloatArray


def recorded_positions(
    beam: Beam, path: DeliveredPath | None, rows: FloatArray, control_points: FloatArray
) -> tuple[Mapping[Axis, FloatArray], Mapping[str, FloatArray]]:
    """Axes ``(k,)`` and devices ``(k, positions)`` at ``rows`` of the path.

    ``control_points`` (k,) are the plan's 0-based control points there: the plan's value at the
    last one passed stands in for whatever was not measured.
    """
    planned = np.clip(control_points.astype(np.int64), 0, beam.control_point_count - 1)
    axes: dict[Axis, FloatArray] = {axis: col[planned] for axis, col in beam.axes.items()}
    devices: dict[str, FloatArray] = {dev: pos[planned] for dev, pos in beam.leaves.items()}
    if path is not None:
        axes |= {axis: at_rows(column, rows) for axis, column in path.axes.items()}
        devices |= {
            device: at_rows(positions, rows)
            for device, positions in path.leaves.items()
            if device in beam.devices and positions.shape[1] == 2 * beam.devices[device].pairs
        }
    for device in beam.devices:
        if device in JAW_DEVICES:
            devices[device] = np.stack([axes[axis] for axis in JAW_DEVICES[device]], axis=1)
    return axes, {device: devices[device] for device in beam.devices if device in devices}


def recorded_motion(
    axes: Mapping[Axis, FloatArray],
    devices: Mapping[str, FloatArray],
    index: int,
    directions: Mapping[Axis, str],
) -> Motion:
    """Row ``index`` of ``recorded_positions`` as text; angles in [0, 360) degree."""
    return Motion(
        angles={
            axis: (ds(measured_angle(float(axes[axis][index]))), directions.get(axis, "NONE"))
            for axis in ANGLES
            if axis in axes
        },
        translations={
            axis: ds(round(float(axes[axis][index]), MEASURED_DECIMALS))
            for axis in TABLE_TOP
            if axis in axes
        },
        devices={
            device: ds_list(np.round(positions[index], MEASURED_DECIMALS).tolist())
            for device, positions in devices.items()
        },
    )
