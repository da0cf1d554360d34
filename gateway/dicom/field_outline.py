"""Whether a radiation field is larger than the panel that images it."""

from collections.abc import Mapping

import numpy as np

from gateway.dicom.image_plane import ImagePlane
from gateway.domain.plan import Beam
from gateway.domain.units import FloatArray

_FAR_MM = 1e4
_EDGE_MM = 1e-3


def open_rectangles(beam: Beam, devices: Mapping[str, FloatArray], index: int) -> FloatArray:
    """The open parts of the aperture, ``(k, 4)``: x1, x2, y1, y2 (mm) in the collimator system.

    The aperture is what jaws and every layer of leaves leave open together. ``devices`` holds
    ``(n, positions)`` by device, of which row ``index`` counts.
    """
    parts = np.array([[-_FAR_MM, _FAR_MM, -_FAR_MM, _FAR_MM]])
    for device, positions in devices.items():
        row = positions[index]
        boundaries = beam.devices[device].boundaries_mm
        parts = _common(parts, _openings(device, row, boundaries))
    return parts


def exceeds_panel(parts_mm: FloatArray, collimator_deg: float, plane: ImagePlane) -> bool:
    """Whether any open part lies outside of the panel when it is projected there."""
    angle = np.deg2rad(collimator_deg)
    x = parts_mm[:, [0, 0, 1, 1]]
    y = parts_mm[:, [2, 3, 2, 3]]
    scale = plane.magnification
    on_panel_x = scale * (x * np.cos(angle) - y * np.sin(angle)) - plane.origin_mm[0]
    on_panel_y = scale * (x * np.sin(angle) + y * np.cos(angle)) - plane.origin_mm[1]
    half_x, half_y = plane.half_size_mm
    outside = (np.abs(on_panel_x) > half_x + _EDGE_MM) | (np.abs(on_panel_y) > half_y + _EDGE_MM)
    return bool(outside.any())


def _openings(device: str, row: FloatArray, boundaries: FloatArray | None) -> FloatArray:
    far = np.full(row.size // 2, _FAR_MM)
    low, high = row[: row.size // 2], row[row.size // 2 :]
    across = (-far, far) if boundaries is None else (boundaries[:-1], boundaries[1:])
    along_y = device in {"Y", "ASYMY", "MLCY"}
    sides = (*across, low, high) if along_y else (low, high, *across)
    return np.stack(sides, axis=1)


def _common(parts: FloatArray, others: FloatArray) -> FloatArray:
    low = np.maximum(parts[:, None, [0, 2]], others[None, :, [0, 2]])
    high = np.minimum(parts[:, None, [1, 3]], others[None, :, [1, 3]])
    is_open = np.all(high - low > _EDGE_MM, axis=2)
    low, high = low[is_open], high[is_open]
    return np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], axis=1)
