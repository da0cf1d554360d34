"""Images and dose grids: pixels, planes and frames that fit together."""

from collections.abc import Iterator

import numpy as np

from gateway.dicom.encoded_items import Item
from gateway.dicom.iod.meaning.doses import dose_findings
from gateway.dicom.iod.meaning.notes import doubtful, wrong
from gateway.dicom.iod.reading import integer, items, numbers, text
from gateway.dicom.sop_classes import COMPRESSED, DEFLATED, RT_DOSE, RT_IMAGE
from gateway.domain.findings import Finding

ORTHONORMAL = 1e-3
"""Direction cosines are written with as few as four digits."""
_DEPTHS = {RT_IMAGE: "C.8.8.2.6", RT_DOSE: "C.8.8.3.4"}
_SPACINGS = {"ImagePlanePixelSpacing": "C.8.8.2", "PixelSpacing": "C.7.6.2"}
_STORED = {RT_IMAGE: {8, *range(12, 17)}, RT_DOSE: {16, 32}}


def pixel_findings(dataset: Item, sop_class: str, transfer_syntax: str) -> Iterator[Finding]:
    """What the attributes of pixels say, and the pixels themselves."""
    allocated, stored = integer(dataset, "BitsAllocated"), integer(dataset, "BitsStored")
    high = integer(dataset, "HighBit")
    clause = _DEPTHS.get(sop_class, "C.7.6.3")
    if allocated is not None and stored is not None and stored > allocated:
        yield wrong("bit-depth", "BitsStored", f"{stored} bits in {allocated}", clause)
    if high is not None and stored is not None and high != stored - 1:
        yield wrong("bit-depth", "HighBit", f"{high}, where {stored - 1} is due", clause)
    if sop_class in _STORED and stored is not None and stored not in _STORED[sop_class]:
        yield wrong("bit-depth", "BitsStored", f"{stored} bits", clause)
    if sop_class in _DEPTHS:
        yield from _monochrome(dataset, clause)
    yield from _length(dataset, transfer_syntax)
    yield from _orientation(dataset)
    yield from _spacing(dataset)
    if sop_class == RT_IMAGE:
        yield from _portal(dataset)
    if sop_class == RT_DOSE:
        yield from dose_findings(dataset)


def _monochrome(dataset: Item, clause: str) -> Iterator[Finding]:
    found = text(dataset, "PhotometricInterpretation")
    if found and found != "MONOCHROME2":
        message = f"{found!r}, where MONOCHROME2 is due"
        yield wrong("enumerated-value", "PhotometricInterpretation", message, clause)


def _length(dataset: Item, transfer_syntax: str) -> Iterator[Finding]:
    if "PixelData" not in dataset or transfer_syntax in COMPRESSED.keys() - {DEFLATED}:
        return
    sizes = [integer(dataset, name) for name in ("Rows", "Columns", "BitsAllocated")]
    if any(size is None for size in sizes):
        return
    rows, columns, bits = (size or 0 for size in sizes)
    frames = integer(dataset, "NumberOfFrames") or 1
    samples = integer(dataset, "SamplesPerPixel") or 1
    due = (rows * columns * bits * frames * samples + 7) // 8
    there = dataset["PixelData"].size
    if there not in (due, due + due % 2):
        message = f"{there} bytes, where {due} are due"
        yield wrong("pixel-length", "PixelData", message, "C.7.6.3.1.4")


def _orientation(dataset: Item) -> Iterator[Finding]:
    for keyword in ("ImageOrientationPatient", "RTImageOrientation"):
        cosines = numbers(dataset, keyword)
        if cosines is None or cosines.size != 6:
            continue
        row, column = cosines[:3], cosines[3:]
        products = np.array([row @ row - 1.0, column @ column - 1.0, row @ column])
        if np.abs(products).max() > ORTHONORMAL:
            message = "rows and columns are no two directions at right angles"
            yield wrong("orientation", keyword, message, "C.7.6.2.1.1")


def _spacing(dataset: Item) -> Iterator[Finding]:
    for keyword, clause in _SPACINGS.items():
        spacing = numbers(dataset, keyword)
        if spacing is not None and np.any(spacing <= 0.0):
            yield wrong("geometry", keyword, "it is not above 0", clause)


def _portal(dataset: Item) -> Iterator[Finding]:
    if text(dataset, "RTImagePlane") == "NON_NORMAL" and "RTImageOrientation" not in dataset:
        message = "the plane is not normal to the beam, and nothing says how it lies"
        yield wrong("type-2c-missing", "RTImageOrientation", message, "C.8.8.2")
    if "IsocenterPosition" in dataset and not text(dataset, "PatientPosition"):
        message = "the isocenter is given, and not how the patient lies"
        yield wrong("type-1c-missing", "PatientPosition", message, "C.8.8.2")
    sad, sid = (numbers(dataset, name) for name in ("RadiationMachineSAD", "RTImageSID"))
    place = numbers(dataset, "XRayImageReceptorTranslation")
    if sad is not None and sid is not None and place is not None and place.size == 3:
        due = float(sad[0] - sid[0])
        if abs(float(place[2]) - due) > 1.0:
            message = f"{place[2]:g} mm, where SAD and SID give {due:g} mm"
            yield doubtful("geometry", "XRayImageReceptorTranslation", message, "C.8.8.2")
    for index, exposure in enumerate(items(dataset, "ExposureSequence")):
        yield from _exposure(exposure, f"ExposureSequence[{index}]")


def _exposure(exposure: Item, path: str) -> Iterator[Finding]:
    devices = items(exposure, "BeamLimitingDeviceSequence")
    for index, device in enumerate(devices):
        where = f"{path}.BeamLimitingDeviceSequence[{index}]"
        pairs = integer(device, "NumberOfLeafJawPairs")
        positions = numbers(device, "LeafJawPositions")
        if "LeafJawPositions" not in device:
            message = "is missing (type 1C): nothing says how the device stands"
            yield wrong("type-1c-missing", f"{where}.LeafJawPositions", message, "C.8.8.2")
        if pairs is not None and positions is not None and positions.size != 2 * pairs:
            message = f"{positions.size} positions for {pairs} pairs"
            yield wrong("leaf-count", f"{where}.LeafJawPositions", message, "C.8.8.2")
