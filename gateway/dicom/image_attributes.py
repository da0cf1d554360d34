"""Attributes of an image that may be missing, and what is taken in their place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.dicom.item import Item, Notes
from gateway.domain.errors import InputError
from gateway.domain.image_assumptions import ImageAssumptions

OPTIONS = {
    "RTImageSID": ("sid_mm", "--sid MM"),
    "RadiationMachineSAD": ("sad_mm", "--sad MM"),
    "ImagePlanePixelSpacing": ("pitch_mm", "--pitch MM"),
    "XRayImageReceptorTranslation": ("panel_mm", "--panel-at X,Y"),
    "XRayImageReceptorAngle": ("receptor_deg", ""),
    "GantryAngle": ("gantry_deg", "--gantry DEG"),
    "BeamLimitingDeviceAngle": ("collimator_deg", "--collimator DEG"),
    "PixelIntensityRelationshipSign": ("sign", "--sign 1|-1"),
}
"""The field of ImageAssumptions, and the command's option, for each attribute."""


@dataclass(slots=True)
class Attributes:
    """The attributes of one image; ``assumed`` grows by what is taken from elsewhere."""

    item: Item
    assumptions: Sequence[ImageAssumptions] = ()
    assumed: list[tuple[str, str]] = field(default_factory=list)

    def given(self, keyword: str, *, overriding: bool) -> Any:
        """The first assumption about ``keyword`` of those that override, or that do not."""
        name, _ = OPTIONS[keyword]
        for assumptions in self.assumptions:
            value = getattr(assumptions, name)
            if value is not None and assumptions.overrides == overriding:
                self.assume(keyword, assumptions.source)
                return value
        return None

    def assume(self, keyword: str, source: str) -> None:
        """Keep that ``keyword`` was not taken from the image, but from ``source``."""
        self.assumed.append((keyword, source))

    def number(self, keyword: str) -> float | None:
        """A number: an overriding assumption, what the image states, another assumption."""
        value = self.given(keyword, overriding=True)
        if value is None:
            value = self.item.number(keyword)
            self.refuse_what_is_wrong()
        if value is None:
            value = self.given(keyword, overriding=False)
        return None if value is None else float(value)

    def length(self, keyword: str) -> float:
        """A required length above 0, mm; what is not above 0 counts as missing.

        Raises InputError naming the attribute and the option.
        """
        value = self.given(keyword, overriding=True)
        if value is None:
            value = self.item.number(keyword)
            self.refuse_what_is_wrong()
            if value is None or value <= 0.0:
                value = self.given(keyword, overriding=False)
        if value is None:
            raise InputError(f"{keyword} is missing or not above 0; {self.remedy(keyword)}")
        return _positive(keyword, float(value))

    def lengths(self, keyword: str, count: int) -> tuple[float, ...]:
        """As :meth:`length`, ``count`` values, of which an assumption gives one for all."""
        value = self.given(keyword, overriding=True)
        if value is None:
            stated = self.item.numbers(keyword, count)
            self.refuse_what_is_wrong()
            if stated is not None and (stated > 0.0).all():
                return tuple(map(float, stated))
            value = self.given(keyword, overriding=False)
        if value is None:
            raise InputError(f"{keyword} is missing or not above 0; {self.remedy(keyword)}")
        return (_positive(keyword, float(value)),) * count

    def refuse_what_is_wrong(self) -> None:
        """Raises InputError with the first thing that was found wrong."""
        if self.item.notes.findings:
            found = self.item.notes.findings[0]
            raise InputError(f"{found.path}: {found.message}")

    @staticmethod
    def remedy(keyword: str) -> str:
        """What to do about an attribute that is missing."""
        return f"give {OPTIONS[keyword][1]}"


def attributes_of(dataset: Any, assumptions: Sequence[ImageAssumptions]) -> Attributes:
    """The attributes of a data set that was read."""
    return Attributes(Item(dataset, "", Notes()), assumptions)


def _positive(keyword: str, value: float) -> float:
    if value <= 0.0:
        raise InputError(f"{keyword} {value:g}: a length above 0 is wanted")
    return value
