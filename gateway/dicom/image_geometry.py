"""Where the pixels of an RT Image are, from its attributes (PS3.3 C.8.8.2)."""

import numpy as np

from gateway.dicom.image_attributes import Attributes
from gateway.domain.errors import InputError
from gateway.domain.portal_image import ImageGeometry
from gateway.domain.units import FloatArray

CENTRED = "a panel centred on its origin"
UPRIGHT = "rows along +X, columns along -Y"
UNSHIFTED = "a panel on the beam's axis"
UNTURNED = "a panel that is not turned"
_RIGHT_DOWN = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
_STRAIGHT = 1e-3
"""Direction cosines this close to 0 or 1 are along an axis."""


def image_geometry(attributes: Attributes, rows: int, columns: int) -> ImageGeometry:
    """The geometry of an image whose rows run along +X and whose columns along -Y.

    What is missing and has no assumption is an error for SID, SAD and pixel spacing; position,
    orientation, translation and angle of the receptor are then those of a centred panel. Raises
    InputError.
    """
    pitch = attributes.lengths("ImagePlanePixelSpacing", 2)
    _refuse_other_orientations(attributes)
    return ImageGeometry(
        pitch_mm=(pitch[0], pitch[1]),
        first_pixel_mm=_first_pixel_mm(attributes, rows, columns, pitch),
        sid_mm=attributes.length("RTImageSID"),
        sad_mm=attributes.length("RadiationMachineSAD"),
        panel_mm=_panel_mm(attributes),
        receptor_deg=_receptor_deg(attributes),
        assumed=tuple(attributes.assumed),
    )


def _refuse_other_orientations(attributes: Attributes) -> None:
    stated = _numbers(attributes, "RTImageOrientation", 6)
    if stated is None:
        attributes.assume("RTImageOrientation", UPRIGHT)
    elif np.abs(stated - _RIGHT_DOWN).max() > _STRAIGHT:
        raise InputError(
            f"RTImageOrientation {_joined(stated)}: only {_joined(np.array(_RIGHT_DOWN))} is read "
            f"({UPRIGHT})"
        )


def _first_pixel_mm(
    attributes: Attributes, rows: int, columns: int, pitch_mm: tuple[float, ...]
) -> tuple[float, float]:
    """Pitch that was assumed makes what the image says of its first pixel worthless."""
    stated = _numbers(attributes, "RTImagePosition", 2)
    spacing_stated = "ImagePlanePixelSpacing" not in dict(attributes.assumed)
    if stated is not None and spacing_stated:
        return float(stated[0]), float(stated[1])
    attributes.assume("RTImagePosition", CENTRED)
    return -0.5 * (columns - 1) * pitch_mm[1], 0.5 * (rows - 1) * pitch_mm[0]


def _panel_mm(attributes: Attributes) -> tuple[float, float]:
    keyword = "XRayImageReceptorTranslation"
    given = attributes.given(keyword, overriding=True)
    if given is None:
        stated = _numbers(attributes, keyword, 3)
        if stated is not None:
            return float(stated[0]), float(stated[1])
        given = attributes.given(keyword, overriding=False)
    if given is None:
        attributes.assume(keyword, UNSHIFTED)
        return 0.0, 0.0
    return float(given[0]), float(given[1])


def _receptor_deg(attributes: Attributes) -> float:
    stated = attributes.number("XRayImageReceptorAngle")
    if stated is None:
        attributes.assume("XRayImageReceptorAngle", UNTURNED)
    return stated or 0.0


def _numbers(attributes: Attributes, keyword: str, count: int) -> FloatArray | None:
    values = attributes.item.numbers(keyword, count)
    attributes.refuse_what_is_wrong()
    return values


def _joined(values: FloatArray) -> str:
    return "\\".join(f"{value:g}" for value in values)
