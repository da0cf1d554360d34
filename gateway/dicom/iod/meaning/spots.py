"""Scanned ion beams: spots of each control point, and the meterset between control points."""

from collections.abc import Iterator, Sequence

import numpy as np

from gateway.dicom.encoded_items import Item
from gateway.dicom.iod.meaning.notes import wrong
from gateway.dicom.iod.reading import integer, number, numbers
from gateway.domain.findings import Finding

SUM = 1e-3
"""Of the final weight: spots are written with 24 bits, cumulative weights with 16 characters."""


def plan_spots(points: Sequence[Item], path: str) -> Iterator[Finding]:
    """Spots of a plan's control points."""
    cumulated = [number(point, "CumulativeMetersetWeight") for point in points]
    yield from _sums(points, cumulated, path, "ScanSpotMetersetWeights", "C.8.8.25")


def delivered_spots(points: Sequence[Item], path: str) -> Iterator[Finding]:
    """Spots of a record's control points."""
    cumulated = [number(point, "DeliveredMeterset") for point in points]
    yield from _sums(points, cumulated, path, "ScanSpotMetersetsDelivered", "C.8.8.26")


def _sums(
    points: Sequence[Item],
    cumulated: Sequence[float | None],
    path: str,
    keyword: str,
    clause: str,
) -> Iterator[Finding]:
    """Metersets of spots add up to what there is up to the next control point."""
    allowed = SUM * max((one for one in cumulated if one is not None), default=0.0)
    for place, point in enumerate(points):
        where = f"{path}[{place}]."
        paintings = integer(point, "NumberOfPaintings")
        if paintings is not None and paintings < 1:
            yield wrong("spots", f"{where}NumberOfPaintings", f"{paintings} paintings", clause)
        spots = numbers(point, keyword)
        if spots is None:
            continue
        if np.any(spots < 0.0):
            yield wrong("spots", f"{where}{keyword}", "a spot is below 0", clause)
        here = cumulated[place]
        after = cumulated[place + 1] if place + 1 < len(points) else here
        if here is None or after is None:
            continue
        due = after - here
        if abs(float(spots.sum()) - due) > allowed:
            message = f"the spots add up to {spots.sum():g}, where {due:g} is due"
            yield wrong("spots", f"{where}{keyword}", message, clause)
