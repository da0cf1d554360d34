"""The panel's pixels as the grid that apertures are drawn on."""

import numpy as np

from gateway.domain.geometry import PixelGrid, rotation_z
from gateway.domain.machine import PanelModel
from gateway.domain.units import FloatArray


def isocentre_grid(panel: PanelModel, sad_mm: float, margin: int = 0) -> PixelGrid:
    """The pixels of a centred panel, and ``margin`` more on each side, at the isocentre plane.

    The panel is square to the beam, its receptor angle 0.
    """
    return PixelGrid(
        panel.rows + 2 * margin,
        panel.columns + 2 * margin,
        panel.pitch_mm * sad_mm / panel.sid_mm,
    )


def strip_frames(grid: PixelGrid, collimator_deg: FloatArray, travel: str) -> FloatArray:
    """(k, 2, 3): from (along the leaves' travel, across it, 1) in mm to (u, v) of the kernels.

    ``travel`` is the axis of the leaves, "X" or "Y". (u, v) count from the corner of the first
    pixel, one half from its centre.
    """
    angles, places = np.unique(collimator_deg, return_inverse=True)
    frames = np.empty((angles.size, 2, 3))
    origin = grid.pixels(np.zeros(2))
    for frame, angle in zip(frames, angles, strict=True):
        turned = rotation_z(float(angle))[:2, :2]
        frame[:, :2] = (grid.pixels(turned.T) - origin).T
        frame[:, 2] = origin + 0.5
    columns = [0, 1, 2] if travel == "X" else [1, 0, 2]
    return np.ascontiguousarray(frames[places][:, :, columns])
