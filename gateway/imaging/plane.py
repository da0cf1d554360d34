"""The panel's pixels as the grid that apertures are drawn on."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.machine import PanelModel
from gateway.domain.units import FloatArray


@dataclass(frozen=True, slots=True)
class DetectorGrid:
    """A centred panel square to the beam (receptor angle 0) with a margin of pixels around it.

    Row 0 is at the largest +Y, columns run along +X. ``pixels_per_mm`` is per mm at the isocentre
    plane.
    """

    rows: int
    columns: int
    pixels_per_mm: float

    @classmethod
    def around(cls, panel: PanelModel, sad_mm: float, margin: int = 0) -> "DetectorGrid":
        """The grid of ``panel`` and ``margin`` more pixels on each side."""
        return cls(
            panel.rows + 2 * margin,
            panel.columns + 2 * margin,
            panel.sid_mm / sad_mm / panel.pitch_mm,
        )

    def frames(self, collimator_deg: FloatArray, travel: str) -> FloatArray:
        """(k, 2, 3): from (along the leaves' travel, across it, 1) in mm to grid (u, v)."""
        turn = np.radians(collimator_deg)
        cosine, sine = self.pixels_per_mm * np.cos(turn), self.pixels_per_mm * np.sin(turn)
        x, y = (0, 1) if travel == "X" else (1, 0)
        frames = np.empty((turn.size, 2, 3))
        frames[:, 0, x], frames[:, 0, y] = cosine, -sine
        frames[:, 1, x], frames[:, 1, y] = -sine, -cosine
        frames[:, :, 2] = 0.5 * self.columns, 0.5 * self.rows
        return frames
