"""An image in the beam limiting device's system, at the isocentre plane."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gateway.domain.geometry import rotation_z
from gateway.domain.portal_image import PortalImage
from gateway.domain.units import FloatArray
from gateway.kernels.sampling import block_means, sample_lines
from gateway.reconcile.portal.problems import Unmeasurable


@dataclass(frozen=True)
class BeamView:
    """Pixels seen along and across the leaves' travel, both mm at the isocentre plane.

    ``first_mm`` is the centre of the first pixel and ``step_mm`` (x, y) the way to the next, in
    the gantry system. ``travel`` is "X" or "Y"; seen ``sideways``, along and across are swapped.
    """

    pixels: FloatArray
    first_mm: tuple[float, float]
    step_mm: tuple[float, float]
    collimator_deg: float = 0.0
    travel: str = "X"
    sideways: bool = False

    @classmethod
    def of(cls, image: PortalImage, travel: str) -> "BeamView":
        """The whole image, the collimator taken to stand at 0. Raises Unmeasurable."""
        place = image.geometry
        if place.receptor_deg % 360.0 != 0.0:
            raise Unmeasurable(f"the receptor is turned by {place.receptor_deg:g} degree")
        scale = place.sad_mm / place.sid_mm
        x, y = np.add(place.first_pixel_mm, place.panel_mm) * scale
        step = (place.pitch_mm[1] * scale, -place.pitch_mm[0] * scale)
        return cls(image.pixels, (float(x), float(y)), step, travel=travel)

    def turned(self, collimator_deg: float) -> "BeamView":
        """The same image with the collimator at another angle."""
        return replace(self, collimator_deg=collimator_deg)

    def across_travel(self) -> "BeamView":
        """The same image with along and across swapped."""
        return replace(self, sideways=not self.sideways)

    def coarse(self, side: int) -> "BeamView":
        """Blocks of ``side`` x ``side`` pixels made one."""
        shift = 0.5 * (side - 1)
        return replace(
            self,
            pixels=block_means(self.pixels, side),
            first_mm=(
                self.first_mm[0] + shift * self.step_mm[0],
                self.first_mm[1] + shift * self.step_mm[1],
            ),
            step_mm=(side * self.step_mm[0], side * self.step_mm[1]),
        )

    @property
    def pixel_mm(self) -> float:
        """The larger of a pixel's sides."""
        return max(abs(self.step_mm[0]), abs(self.step_mm[1]))

    @property
    def reach_mm(self) -> float:
        """No pixel is farther from the axis than this."""
        rows, columns = self.pixels.shape
        last = np.add(self.first_mm, np.multiply(self.step_mm, (columns - 1, rows - 1)))
        return float(np.hypot(*np.maximum(np.abs(self.first_mm), np.abs(last))))

    @cached_property
    def frame(self) -> FloatArray:
        """(2, 3): from (along, across, 1) to (column, row)."""
        frame = np.empty((2, 3))
        scale = np.array(self.step_mm)[:, np.newaxis]
        frame[:, :2] = rotation_z(self.collimator_deg)[:2, :2] / scale
        frame[:, 2] = -np.array(self.first_mm) / scale[:, 0]
        if (self.travel == "X") == self.sideways:
            frame = frame[:, [1, 0, 2]]
        return np.ascontiguousarray(frame)

    @property
    def slope_sign(self) -> float:
        """The sign of d(along)/d(across) of an edge where the collimator stands at more."""
        return 1.0 if (self.travel == "X") == self.sideways else -1.0

    def lines(
        self, along: FloatArray, across: FloatArray, step: FloatArray, count: int
    ) -> FloatArray:
        """``count`` values from each ``(along, across)`` on, ``step`` apart along; NaN outside."""
        return sample_lines(self.pixels, self.frame, along, across, step, count)

    def gantry_mm(self, along: float, across: float) -> tuple[float, float]:
        """Where a place is in the gantry system."""
        column, row = self.frame @ np.array([along, across, 1.0])
        return (
            self.first_mm[0] + float(column) * self.step_mm[0],
            self.first_mm[1] + float(row) * self.step_mm[1],
        )
