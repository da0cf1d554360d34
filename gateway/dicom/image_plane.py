"""Where the pixels of a portal image are (PS3.3 C.8.8.2)."""

from dataclasses import dataclass

from pydicom import Dataset

from gateway.dicom.elements import ds, ds_list
from gateway.domain.delivery import PanelIdentity


@dataclass(frozen=True, slots=True)
class ImagePlane:
    """A panel square to the beam, its rows along +Xr and its columns along -Yr.

    ``origin_mm`` is the panel's centre in the IEC gantry system at the panel's plane. Lengths are
    in mm on that plane, ``sid_mm`` from the source.
    """

    rows: int
    columns: int
    pitch_mm: float
    sid_mm: float
    sad_mm: float
    origin_mm: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of(cls, panel: PanelIdentity, sad_mm: float) -> "ImagePlane":
        """Where the panel says it stands."""
        return cls(panel.rows, panel.columns, panel.pitch_mm, panel.sid_mm, sad_mm)

    @property
    def first_pixel_mm(self) -> tuple[float, float]:
        """The centre of the first pixel in the receptor system (RT Image Position)."""
        return (
            -0.5 * (self.columns - 1) * self.pitch_mm,
            0.5 * (self.rows - 1) * self.pitch_mm,
        )

    @property
    def half_size_mm(self) -> tuple[float, float]:
        """Half the panel's extent along x and y."""
        return 0.5 * self.columns * self.pitch_mm, 0.5 * self.rows * self.pitch_mm

    @property
    def magnification(self) -> float:
        """How much larger the plane shows what is at the isocentre."""
        return self.sid_mm / self.sad_mm

    def add_to(self, dataset: Dataset) -> None:
        """The geometry attributes of the RT Image module."""
        dataset.RTImagePlane = "NORMAL"
        dataset.XRayImageReceptorTranslation = ds_list((*self.origin_mm, self.sad_mm - self.sid_mm))
        dataset.XRayImageReceptorAngle = "0"
        dataset.RTImageOrientation = ["1", "0", "0", "0", "-1", "0"]
        dataset.ImagePlanePixelSpacing = ds_list((self.pitch_mm, self.pitch_mm))
        dataset.RTImagePosition = ds_list(self.first_pixel_mm)
        dataset.RadiationMachineSAD = ds(self.sad_mm)
        dataset.RTImageSID = ds(self.sid_mm)
