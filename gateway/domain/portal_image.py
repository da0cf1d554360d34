"""A portal image with what is known of where its pixels are."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.grids import RegularGrid
from gateway.domain.units import FloatArray, frozen


@dataclass(frozen=True, slots=True)
class ImageGeometry:
    """Where a panel square to the beam stood, IEC 61217 (PS3.3 C.8.8.2).

    ``pitch_mm`` is (row spacing, column spacing) on the panel at ``sid_mm`` from the source.
    ``first_pixel_mm`` is the centre of the first pixel in the receptor system (RT Image
    Position), ``panel_mm`` the panel's origin in the gantry system at the panel's plane (the x, y
    of X-Ray Image Receptor Translation), ``receptor_deg`` the receptor's angle. ``assumed`` names
    the attributes (DICOM keywords) that the image did not state, and where each is from.
    """

    pitch_mm: tuple[float, float]
    first_pixel_mm: tuple[float, float]
    sid_mm: float
    sad_mm: float
    panel_mm: tuple[float, float] = (0.0, 0.0)
    receptor_deg: float = 0.0
    assumed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PortalImage:
    """An image (rows, columns) whose signal rises with dose, read-only.

    ``unit`` is ``CU`` where the file says how pixels become calibrated units, else ``counts``.
    Angles are degree, None where nothing states them. ``meterset_mu`` is the MU in the image
    (None: not stated), ``beam_number`` that of the plan ``plan_uid`` which the image refers to.
    """

    pixels: FloatArray
    unit: str
    geometry: ImageGeometry
    gantry_deg: float | None = None
    collimator_deg: float | None = None
    meterset_mu: float | None = None
    beam_number: int | None = None
    plan_uid: str | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2:
            raise ValueError(f"an image has rows and columns, not {self.pixels.shape}")
        if not np.isfinite(self.pixels).all():
            raise ValueError("a pixel is not finite")
        object.__setattr__(self, "pixels", frozen(self.pixels))

    def at_isocentre(self) -> RegularGrid:
        """The image demagnified to the isocentre plane: axes (y, x) in mm, from the beam's axis.

        Valid for receptor angle 0: raises ValueError for another.
        """
        place = self.geometry
        if place.receptor_deg % 360.0 != 0.0:
            raise ValueError(f"the receptor is turned by {place.receptor_deg} degree")
        scale = place.sad_mm / place.sid_mm
        origin = np.add(place.first_pixel_mm, place.panel_mm) * scale
        spacing = (-place.pitch_mm[0] * scale, place.pitch_mm[1] * scale)
        return RegularGrid(self.pixels, (float(origin[1]), float(origin[0])), spacing)
