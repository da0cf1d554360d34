"""RT Dose: planes of the grid, what a stored value stands for."""

from collections.abc import Iterator

import numpy as np

from gateway.dicom.encoded_items import Item
from gateway.dicom.iod.meaning.histograms import histogram_findings
from gateway.dicom.iod.meaning.notes import doubtful, wrong
from gateway.dicom.iod.reading import integer, number, numbers, text
from gateway.domain.findings import Finding

PLANES = "C.8.8.3.2"
SAME_MM = 1e-2
UNSIGNED, SIGNED = 0, 1
_AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def dose_findings(dataset: Item) -> Iterator[Finding]:
    """A dose grid and its histograms."""
    yield from _planes(dataset)
    if "PixelData" in dataset:
        yield from _values(dataset)
    yield from histogram_findings(dataset)


def _planes(dataset: Item) -> Iterator[Finding]:
    frames, keyword = integer(dataset, "NumberOfFrames"), "GridFrameOffsetVector"
    offsets = numbers(dataset, keyword)
    if frames is not None and frames > 1 and keyword not in dataset:
        message = "it is missing, and the dose has several frames (type 1C)"
        yield wrong("type-1c-missing", keyword, message, PLANES)
    if offsets is None:
        return
    if frames is not None and offsets.size != frames:
        message = f"{offsets.size} offsets for {frames} frames"
        yield wrong("frame-count", keyword, message, PLANES)
    steps = np.diff(offsets)
    if np.any(steps == 0.0) or (np.any(steps > 0.0) and np.any(steps < 0.0)):
        yield wrong("frame-order", keyword, "the planes are not in order", PLANES)
    place, cosines = (numbers(dataset, f"Image{what}Patient") for what in _PLACED)
    if offsets[0] != 0.0 and place is not None and place.size == 3 and cosines is not None:
        axial = cosines.size == len(_AXIAL) and np.allclose(np.abs(cosines), _AXIAL, atol=1e-4)
        if not axial or abs(float(offsets[0]) - float(place[2])) > SAME_MM:
            message = "the first offset is neither 0 nor the position of the first plane"
            yield wrong("geometry", keyword, message, PLANES)


_PLACED = ("Position", "Orientation")


def _values(dataset: Item) -> Iterator[Finding]:
    allocated, stored = integer(dataset, "BitsAllocated"), integer(dataset, "BitsStored")
    if allocated is not None and stored is not None and allocated != stored:
        message = f"{stored}, where Bits Allocated is {allocated}"
        yield wrong("bit-depth", "BitsStored", message, "C.8.8.3.4.4")
    due = SIGNED if text(dataset, "DoseType") == "ERROR" else UNSIGNED
    sign = integer(dataset, "PixelRepresentation")
    if sign is not None and sign != due:
        message = f"{sign}, where {due} is due for this Dose Type"
        yield wrong("pixel-sign", "PixelRepresentation", message, "C.8.8.3.4.6")
    scaling = number(dataset, "DoseGridScaling")
    if scaling is not None and scaling <= 0.0:
        message = f"{scaling:g}: no value of the grid stands for a dose"
        yield doubtful("scaling", "DoseGridScaling", message, "C.8.8.3")
