"""Where the beam's rays meet a plane square to its axis, and which pixel that is."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.geometry.rigid import Rigid
from gateway.domain.units import FloatArray


def project_to_plane(points_g_mm: FloatArray, sad_mm: float, distance_mm: float) -> FloatArray:
    """Gantry-system points (..., 3) seen from the source on the plane ``distance_mm`` from it.

    Returns (..., 2) in mm on that plane, gantry axes. Raises ValueError for a point that does not
    lie below the source.
    """
    depth = sad_mm - points_g_mm[..., 2:]
    if (depth <= 0.0).any():
        raise ValueError("a point at or above the source has no projection")
    plane: FloatArray = points_g_mm[..., :2] * (distance_mm / depth)
    return plane


def project_to_receptor(points_g_mm: FloatArray, receptor: Rigid, sad_mm: float) -> FloatArray:
    """Gantry-system points (..., 3) on the panel that stands as ``receptor`` in the gantry system.

    Returns (..., 2) in mm in the receptor's own axes. Raises as ``project_to_plane`` does.
    """
    sid_mm = sad_mm - float(receptor.translation[2])
    plane = project_to_plane(points_g_mm, sad_mm, sid_mm) - receptor.translation[:2]
    return plane @ receptor.rotation[:2, :2]


def project_to_isocentre(points_b_mm: FloatArray, sad_mm: float) -> FloatArray:
    """Beam-limiting-device points (..., 3), their origin at the source, on the isocentre plane.

    Returns (..., 2) in mm: where leaves and jaws are measured. Raises as ``project_to_plane`` does.
    """
    return project_to_plane(points_b_mm + np.array([0.0, 0.0, sad_mm]), sad_mm, sad_mm)


@dataclass(frozen=True, slots=True)
class PixelGrid:
    """A panel's pixels: rows run along +x of the receptor, the first row is at the largest y.

    Pixel coordinates are (column, row), 0-based, whole at a pixel's centre (PS3.3 C.8.8.2.7).
    """

    rows: int
    columns: int
    pitch_mm: float

    @property
    def first_pixel_mm(self) -> tuple[float, float]:
        """The centre of row 0, column 0: RT Image Position (3002,0012) of a centred panel."""
        return (
            -0.5 * (self.columns - 1) * self.pitch_mm,
            0.5 * (self.rows - 1) * self.pitch_mm,
        )

    def pixels(self, receptor_mm: FloatArray) -> FloatArray:
        """(column, row) of receptor points (..., 2)."""
        pixels: FloatArray = (receptor_mm - self.first_pixel_mm) / (self.pitch_mm, -self.pitch_mm)
        return pixels

    def receptor_mm(self, pixels: FloatArray) -> FloatArray:
        """Receptor points (..., 2) of (column, row)."""
        points: FloatArray = pixels * (self.pitch_mm, -self.pitch_mm) + self.first_pixel_mm
        return points
