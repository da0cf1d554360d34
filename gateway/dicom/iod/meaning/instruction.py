"""Delivery instructions: the order of beams, and where continued ones begin and end."""

from collections.abc import Iterator

from gateway.dicom.encoded_items import Item
from gateway.dicom.iod.meaning.notes import wrong
from gateway.dicom.iod.reading import integer, items, number
from gateway.domain.findings import Finding

RANGES = (
    ("ContinuationStartMeterset", "ContinuationEndMeterset"),
    ("ContinuationStartTotalReferenceAirKerma", "ContinuationEndTotalReferenceAirKerma"),
    ("StartCumulativeTimeWeight", "EndCumulativeTimeWeight"),
)
TASKS = {"BeamTaskSequence": "C.8.8.29", "BrachyTaskSequence": "C.8.8.30"}


def instruction_findings(dataset: Item) -> Iterator[Finding]:
    """Tasks of beams and of application setups."""
    for keyword, clause in TASKS.items():
        tasks = items(dataset, keyword)
        for index, task in enumerate(tasks):
            yield from _ranges(task, f"{keyword}[{index}].", clause)
            channels = items(task, "ChannelDeliveryContinuationSequence")
            for place, channel in enumerate(channels):
                where = f"{keyword}[{index}].ChannelDeliveryContinuationSequence[{place}]."
                yield from _ranges(channel, where, clause)
    order = [integer(task, "BeamOrderIndex") for task in items(dataset, "BeamTaskSequence")]
    stated = sorted(one for one in order if one is not None)
    if stated != list(range(1, len(stated) + 1)):
        message = f"{', '.join(map(str, stated))}: they have to count from 1, by 1"
        yield wrong("beam-order", "BeamTaskSequence[0].BeamOrderIndex", message, "C.8.8.29.5")


def _ranges(item: Item, path: str, clause: str) -> Iterator[Finding]:
    for first, last in RANGES:
        start, end = number(item, first), number(item, last)
        if start is not None and start < 0.0:
            yield wrong("meterset-order", f"{path}{first}", f"{start:g} is below 0", clause)
        if start is not None and end is not None and end < start:
            message = f"{end:g}, which is before {start:g}"
            yield wrong("meterset-order", f"{path}{last}", message, clause)
