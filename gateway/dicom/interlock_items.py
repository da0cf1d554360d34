"""Interlocks of a delivered beam (PS3.3 C.8.8.21)."""

from collections.abc import Iterator

from pydicom import Dataset

from gateway.dicom.elements import clipped, date_time, paragraph
from gateway.domain.delivery import BeamDelivery, TerminationStatus

CODING_SCHEME = "99LINACGATEWAY"
"""A private scheme: the standard has no codes for a machine's own interlocks."""


def interlock_items(delivery: BeamDelivery, fallback_ns: int) -> Iterator[Dataset]:
    """Items of Interlock Sequence, stamped with the end of the beam.

    A beam that ended normally resolved its interlocks; otherwise they ended it.
    """
    stamp = delivery.ended_ns or delivery.started_ns or fallback_ns
    resolved = delivery.termination_status is TerminationStatus.NORMAL
    resolution = ("CLEARED", "Interlock cleared") if resolved else ("STANDING", "Beam ended by it")
    for name in delivery.interlocks:
        item = Dataset()
        item.InterlockDateTime = date_time(stamp)
        item.InterlockDescription = paragraph(name, 1024)
        item.InterlockOriginDescription = "Treatment machine"
        item.InterlockCodeSequence = [_code(name.upper().replace(" ", "_"), name)]
        item.InterlockResolutionCodeSequence = [_code(*resolution)]
        item.InterlockResolutionUserSequence = []
        yield item


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue = clipped(value, 16)
    item.CodingSchemeDesignator = CODING_SCHEME
    item.CodeMeaning = clipped(meaning, 64)
    return item
