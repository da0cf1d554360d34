"""Portal images of a delivery: its DICOM objects, and pictures of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.adapters.web.portal_preview import STILL_COLUMNS, shrunk_values, windowed_png
from gateway.adapters.web.problems import not_found
from gateway.delivery.ledger import DeliveryEntry
from gateway.dicom.mapped import mapped
from gateway.dicom.rt_image_reader import RtImage

_PREFIX, _SUFFIX = "image_beam_", ".dcm"


def image_names(entry: DeliveryEntry) -> Sequence[str]:
    """The names of its image objects; the API numbers them from 1."""
    names = {name for name in entry.files if name.startswith(_PREFIX) and name.endswith(_SUFFIX)}
    return sorted(names, key=lambda name: (_numbers(name), name))


def image_name(entry: DeliveryEntry, image: int) -> str:
    """The name of the image with that number. Raises Refused."""
    names = image_names(entry)
    if not 1 <= image <= len(names):
        raise not_found("image")
    return names[image - 1]


def image_row(number: int, folder: Path, name: str) -> Mapping[str, Any]:
    """What is said of an image. Raises InputError."""
    with mapped(folder / name) as content:
        image = RtImage(content, ())
        return {
            "image": number,
            "name": name,
            "beam": image.beam_number,
            "frames": image.frames,
            "unit": image.unit,
        }


def picture(path: Path, frame: int, low: float | None, high: float | None) -> bytes:
    """A frame (from 1) as a PNG. Raises Refused, InputError."""
    with mapped(path) as content:
        image = RtImage(content, ())
        if not 1 <= frame <= image.frames:
            raise not_found("frame")
        pixels = image.image(frame - 1).pixels
        return windowed_png(shrunk_values(pixels, STILL_COLUMNS), low, high)


def _numbers(name: str) -> tuple[int, ...]:
    words = name.removesuffix(_SUFFIX).split("_")
    return tuple(int(word) for word in words if word.isdecimal())
