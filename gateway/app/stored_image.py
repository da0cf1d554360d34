"""The pixels of a stored beam as one image: its integral, or the sum of its cine frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gateway.app.evidence import stored_frames
from gateway.delivery.ledger import DeliveryEntry
from gateway.domain.errors import InputError
from gateway.domain.evidence import BeamEvidence, FrameRecord
from gateway.domain.units import FloatArray, frozen
from gateway.ports.store import RecordReader

Shape = tuple[int, int]


@dataclass(frozen=True, slots=True)
class StoredImage:
    """``pixels`` in CU, the sum of ``frames``; ``step`` is what one count of a frame is."""

    pixels: FloatArray
    step: float
    frames: tuple[FrameRecord, ...]


def stored_image(
    store: RecordReader, entry: DeliveryEntry, item: BeamEvidence, shape: Shape
) -> StoredImage | None:
    """Of every frame that came, each once, whatever the order; None where it is of another panel.

    From the spool, later from the image objects. Raises InputError where neither has them.
    """
    places = _first_of_each(item.frames)
    frames = tuple(item.frames[place] for place in places)
    number = item.beam.number
    spooled = stored_frames(store, entry.delivery_id, number)
    if spooled:
        if any(spooled[place].pixels.shape != shape for place in places):
            return None
        step = spooled[places[0]].cu_per_count
        if len({spooled[place].cu_per_count for place in places}) > 1:
            raise InputError(f"frames of beam {number} differ in their calibration (CU per count)")
        counts: npt.NDArray[np.uint64] = np.zeros(shape, np.uint64)
        for place in places:
            counts += spooled[place].pixels
        return StoredImage(frozen(counts * step), step, frames)
    objects = image_files(store.directory(entry.delivery_id), number)
    total: FloatArray = np.zeros(shape)
    step, seen = 0.0, 0
    wanted = frozenset(places)
    for place, pixels in enumerate(_of_objects(objects)):
        if place not in wanted:
            continue
        if pixels.shape != shape:
            return None
        step = step or count_step(pixels)
        total += pixels
        seen += 1
    if seen != len(places):
        raise InputError(f"{seen} of {len(places)} frames of beam {number} are in its image files")
    return StoredImage(frozen(total), step, frames)


def image_files(folder: Path, beam_number: int) -> Sequence[Path]:
    """The image objects of a beam that are there, in their order."""
    names = (
        f"image_beam_{beam_number}{'' if part == 1 else f'_part_{part}'}.dcm" for part in count(1)
    )
    found: list[Path] = []
    for name in names:
        if not (folder / name).is_file():
            return found
        found.append(folder / name)
    return found


def count_step(pixels: FloatArray) -> float:
    """The smallest difference of two values: what one count is."""
    values = np.unique(pixels)
    return float(np.diff(values).min()) if values.size > 1 else 0.0


def _of_objects(paths: Sequence[Path]) -> Iterator[FloatArray]:
    from gateway.dicom.rt_image_reader import portal_images

    for path in paths:
        for image in portal_images(path):
            if image.unit != "CU":
                raise InputError(f"{path}: its pixels are not in CU")
            yield image.pixels


def _first_of_each(frames: Sequence[FrameRecord]) -> list[int]:
    """Where each frame's number came first."""
    first: dict[int, int] = {}
    for place, frame in enumerate(frames):
        first.setdefault(frame.number, place)
    return list(first.values())
