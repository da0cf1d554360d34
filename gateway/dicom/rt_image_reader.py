"""RT Image files, ours and those of real imagers, as portal images (PS3.3 A.17.3, C.8.8.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gateway.dicom.encoded import read_object
from gateway.dicom.encoded_items import Content
from gateway.dicom.image_attributes import Attributes, attributes_of
from gateway.dicom.image_geometry import image_geometry
from gateway.dicom.item import Item
from gateway.dicom.mapped import mapped
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import RT_IMAGE
from gateway.dicom.stored_pixels import StoredPixels, pixel_format
from gateway.domain.errors import InputError
from gateway.domain.image_assumptions import ImageAssumptions
from gateway.domain.portal_image import ImageGeometry, PortalImage
from gateway.domain.units import FloatArray

NO_PORTAL_IMAGE = frozenset({"DRR", "BLANK", "FLUENCE"})
"""Image Type value 3 of what no panel has seen (PS3.3 C.8.8.2.1.1)."""
NOT_LINEAR = "LOG"
CALIBRATED = "CU"
BRIGHT_BORDER = "the image: its border is brighter than its field"
DARK_BORDER = "the image: its border is darker than its field"
_BORDER_SHARE = 0.02
_SAMPLED = 8
"""The sign is judged on every eighth row and column."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """What the image says of one frame's exposure; None where it says nothing."""

    gantry_deg: float | None
    collimator_deg: float | None
    meterset_mu: float | None


class RtImage:
    """One object, its pixels still where they are; frames are made when they are asked for."""

    def __init__(self, content: Content, assumptions: Sequence[ImageAssumptions]) -> None:
        encoded = read_object(content)
        self._attributes = attributes_of(encoded.dataset, assumptions)
        item = self._attributes.item
        _refuse_other_objects(item)
        form = pixel_format(item)
        self._pixels = StoredPixels(content, encoded, form)
        self.frames = form.frames
        self._slope, self._intercept = _rescale(self._attributes)
        self._sign = self._signed()
        self.geometry: ImageGeometry = image_geometry(self._attributes, form.rows, form.columns)
        self._beam_number = item.integer("ReferencedBeamNumber")
        plans = item.items("ReferencedRTPlanSequence")
        self._plan_uid = next((one.text("ReferencedSOPInstanceUID") for one in plans), None)
        self._exposed = tuple(self._exposures())
        self._unit = "CU" if item.text("RescaleType") == CALIBRATED else "counts"
        self._attributes.refuse_what_is_wrong()

    @property
    def beam_number(self) -> int | None:
        """The beam of the plan that the image refers to."""
        return self._beam_number

    @property
    def unit(self) -> str:
        """``CU`` where the file says how pixels become calibrated units, else ``counts``."""
        return self._unit

    def image(self, index: int) -> PortalImage:
        """A frame, counted from 0. Raises InputError where its pixels cannot be decoded."""
        exposed = self._exposed[index]
        pixels = self._pixels.frame(index)
        pixels *= self._sign * self._slope
        pixels += self._offset()
        return PortalImage(
            pixels,
            self._unit,
            self.geometry,
            gantry_deg=exposed.gantry_deg,
            collimator_deg=exposed.collimator_deg,
            meterset_mu=exposed.meterset_mu,
            beam_number=self._beam_number,
            plan_uid=self._plan_uid,
        )

    def _offset(self) -> float:
        """Where values fall with dose, none is at the intercept, or at the end of the range."""
        if self._intercept or self._sign * self._slope > 0:
            return self._sign * self._intercept
        return abs(self._slope) * self._pixels.form.top

    def _signed(self) -> int:
        """1 where rescaled values rise with dose, else -1: as stated, assumed, or seen.

        What is stated is of the stored values (PS3.3 C.8.11.3): a negative slope turns it.
        """
        keyword = "PixelIntensityRelationshipSign"
        attributes = self._attributes
        value = attributes.given(keyword, overriding=True)
        element = attributes.item.element(keyword)
        if value is None and element is not None:
            value = element.value
        if value is None:
            value = attributes.given(keyword, overriding=False)
        if value is None and attributes.item.text("RescaleType") == CALIBRATED:
            attributes.assume(keyword, "RescaleType CU")
            return 1
        if value is None:
            falling = _border_is_bright(self._pixels.frame(0)) == (self._slope > 0)
            attributes.assume(keyword, BRIGHT_BORDER if falling else DARK_BORDER)
            return -1 if falling else 1
        if value not in (1, -1):
            raise InputError(f"{keyword} {value}: 1 or -1 is wanted")
        return int(value) if self._slope > 0 else -int(value)

    def _exposures(self) -> Iterator[Exposed]:
        """Of each frame; what its exposure does not say, the image may."""
        gantry = self._attributes.number("GantryAngle")
        collimator = self._attributes.number("BeamLimitingDeviceAngle")
        items = tuple(self._attributes.item.items("ExposureSequence"))
        by_frame: dict[int, list[Item]] = {}
        for item in items:
            number = item.integer("ReferencedFrameNumber")
            by_frame.setdefault(1 if number is None else number, []).append(item)
        for frame in range(1, self.frames + 1):
            own = by_frame.get(frame, [])
            metersets = [item.number("MetersetExposure") for item in own]
            first = own[0] if len(own) == 1 and self.frames > 1 else None
            yield Exposed(
                _angle(first, "GantryAngle", gantry),
                _angle(first, "BeamLimitingDeviceAngle", collimator),
                None if not own or None in metersets else sum(filter(None, metersets)),
            )


def portal_images(
    path: Path, assumptions: Sequence[ImageAssumptions] = ()
) -> Iterator[PortalImage]:
    """The frames of an RT Image file, one in memory at a time.

    What the image does not state is taken from ``assumptions``, and their ``source`` kept in
    ``geometry.assumed``. Raises InputError, in one line with the path, for a file that cannot be
    read, is no portal image, or lacks a value that nothing gives.
    """
    try:
        with mapped(path) as content:
            with quietly():
                image = RtImage(content, assumptions)
            for index in range(image.frames):
                yield image.image(index)
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from problem
    except READING_ERRORS as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InputError(f"{path}: is not an RT Image that can be read: {reason}") from problem


def _refuse_other_objects(item: Item) -> None:
    sop_class = item.text("SOPClassUID")
    if sop_class != RT_IMAGE:
        raise InputError(f"SOP Class {sop_class or '(none)'} is not RT Image Storage")
    parts = item.text("ImageType").split("\\")
    if len(parts) > 2 and parts[2] in NO_PORTAL_IMAGE:
        raise InputError(f"ImageType says {parts[2]}: this is no portal image")
    if item.text("PixelIntensityRelationship") == NOT_LINEAR:
        raise InputError("PixelIntensityRelationship LOG: pixels that are not linear are not read")


def _rescale(attributes: Attributes) -> tuple[float, float]:
    slope = attributes.item.number("RescaleSlope")
    intercept = attributes.item.number("RescaleIntercept")
    attributes.refuse_what_is_wrong()
    if slope == 0.0:
        raise InputError("RescaleSlope is 0")
    return (1.0 if slope is None else slope), (intercept or 0.0)


def _border_is_bright(stored: FloatArray) -> bool:
    """Whether what stands at the border, where no field is, is nearer the top than the bottom."""
    sampled = stored[::_SAMPLED, ::_SAMPLED]
    margin = max(1, round(_BORDER_SHARE * min(sampled.shape)))
    inside = np.zeros(sampled.shape, np.bool_)
    inside[margin:-margin, margin:-margin] = True
    border = float(np.median(sampled[~inside]))
    low, high = np.percentile(sampled, [1.0, 99.0])
    return bool(high - border < border - low)


def _angle(item: Item | None, keyword: str, otherwise: float | None) -> float | None:
    own = None if item is None else item.number(keyword)
    return otherwise if own is None else own
