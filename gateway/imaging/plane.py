"""The panel's pixels as the grid that apertures are drawn on."""

import numpy as np

from gateway.domain.geometry import PixelGrid
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


def strip_frames(
    grid: PixelGrid,
    collimator_deg: FloatArray,
    travel: str,
    shift_mm: FloatArray | float = 0.0,
    scale: FloatArray | float = 1.0,
) -> FloatArray:
    """(k, 2, 3): from (along the leaves' travel, across it, 1) in mm to (u, v) of the kernels.

    ``travel`` is the axis of the leaves, "X" or "Y". (u, v) count from the corner of the first
    pixel, one half from its centre. What is drawn is enlarged by ``scale`` (k,) about the axis and
    then moved by ``shift_mm`` (k, 2), gantry axes, on the grid's plane.
    """
    angle = np.radians(collimator_deg)
    pitch = grid.pitch_mm
    first_x, first_y = grid.first_pixel_mm
    shift = np.broadcast_to(shift_mm, (angle.size, 2))
    cosine, sine = np.cos(angle) * scale / pitch, np.sin(angle) * scale / pitch
    frames = np.empty((angle.size, 2, 3))
    frames[:, 0, 0], frames[:, 0, 1] = cosine, -sine
    frames[:, 1, 0], frames[:, 1, 1] = -sine, -cosine
    frames[:, 0, 2] = (shift[:, 0] - first_x) / pitch + 0.5
    frames[:, 1, 2] = (first_y - shift[:, 1]) / pitch + 0.5
    columns = [0, 1, 2] if travel == "X" else [1, 0, 2]
    return np.ascontiguousarray(frames[:, :, columns])
