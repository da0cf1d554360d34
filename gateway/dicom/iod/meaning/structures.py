"""RT Structure Sets: regions, contours, the frames of reference that they are in."""

from collections.abc import Iterator

import numpy as np

from gateway.dicom.encoded_items import Item
from gateway.dicom.iod.meaning.notes import doubtful, wrong
from gateway.dicom.iod.reading import integer, items, numbers, text
from gateway.domain.findings import Finding
from gateway.domain.units import FloatArray

CLAUSE = "C.8.8.6.1"
PLANAR = frozenset({"CLOSED_PLANAR", "OPEN_PLANAR", "CLOSEDPLANAR_XOR"})
FLAT_MM = 0.1
"""How far a point may be from the plane of its contour: coordinates are written to 0.01 mm."""
TRIANGLE = 3


def structure_findings(dataset: Item) -> Iterator[Finding]:
    """Regions by their frame of reference, and the points of contours."""
    frames = {
        text(frame, "FrameOfReferenceUID")
        for frame in items(dataset, "ReferencedFrameOfReferenceSequence")
    }
    for index, region in enumerate(items(dataset, "StructureSetROISequence")):
        uid = text(region, "ReferencedFrameOfReferenceUID")
        if frames and uid and uid not in frames:
            path = f"StructureSetROISequence[{index}].ReferencedFrameOfReferenceUID"
            message = "no item of Referenced Frame of Reference Sequence has it"
            yield wrong("unresolved-reference", path, message, "C.8.8.5")
    for index, region in enumerate(items(dataset, "ROIContourSequence")):
        for place, contour in enumerate(items(region, "ContourSequence")):
            yield from _contour(contour, f"ROIContourSequence[{index}].ContourSequence[{place}]")


def _contour(contour: Item, path: str) -> Iterator[Finding]:
    kind, points = text(contour, "ContourGeometricType"), integer(contour, "NumberOfContourPoints")
    where = f"{path}.NumberOfContourPoints"
    if kind == "POINT" and points is not None and points != 1:
        yield wrong("contour", where, f"{points} points of one", CLAUSE)
    if kind == "CLOSED_PLANAR" and points is not None and points < TRIANGLE:
        yield doubtful("contour", where, f"a polygon of {points} points", CLAUSE)
    if kind not in PLANAR:
        return
    coordinates = numbers(contour, "ContourData")
    if coordinates is not None and coordinates.size > 3 * TRIANGLE and coordinates.size % 3 == 0:
        away_mm = out_of_plane_mm(coordinates.reshape(-1, 3))
        if away_mm > FLAT_MM:
            message = f"its points are up to {away_mm:.2g} mm from a plane"
            yield wrong("contour", f"{path}.ContourData", message, CLAUSE)


def out_of_plane_mm(points_mm: FloatArray) -> float:
    """How far the farthest point is from the plane that fits best."""
    if np.ptp(points_mm, axis=0).min() == 0.0:  # parallel to two axes, as nearly all are
        return 0.0
    around = points_mm - points_mm.mean(axis=0)
    _, directions = np.linalg.eigh(around.T @ around)
    return float(np.abs(around @ directions[:, 0]).max())
