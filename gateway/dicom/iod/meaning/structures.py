"""RT Structure Sets: regions, contours, and which belongs to which."""

from collections import Counter
from collections.abc import Iterator

from gateway.dicom.encoded_items import Item
from gateway.dicom.iod.meaning.notes import wrong
from gateway.dicom.iod.reading import count, integer, items
from gateway.domain.findings import Finding

REFERRING = {"ROIContourSequence": "C.8.8.6", "RTROIObservationsSequence": "C.8.8.8"}


def structure_findings(dataset: Item) -> Iterator[Finding]:
    """Regions by number, and the points of contours."""
    found = [integer(region, "ROINumber") for region in items(dataset, "StructureSetROISequence")]
    for value, times in Counter(found).items():
        if value is not None and times > 1:
            message = f"{value} stands {times} times"
            yield wrong("duplicate-number", "StructureSetROISequence", message, "C.8.8.5")
    for keyword, clause in REFERRING.items():
        for index, item in enumerate(items(dataset, keyword)):
            value = integer(item, "ReferencedROINumber")
            if value is not None and value not in found:
                path = f"{keyword}[{index}].ReferencedROINumber"
                message = f"{value} is no region of this structure set"
                yield wrong("unresolved-reference", path, message, clause)
    for index, region in enumerate(items(dataset, "ROIContourSequence")):
        for place, contour in enumerate(items(region, "ContourSequence")):
            yield from _contour(contour, f"ROIContourSequence[{index}].ContourSequence[{place}]")


def _contour(contour: Item, path: str) -> Iterator[Finding]:
    points = integer(contour, "NumberOfContourPoints")
    if points is None or "ContourData" not in contour:
        return
    there = count(contour, "ContourData")
    if there != 3 * points:
        message = f"{there} coordinates for {points} points"
        yield wrong("item-count", f"{path}.ContourData", message, "C.8.8.6.3")
