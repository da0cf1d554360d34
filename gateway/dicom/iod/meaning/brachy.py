"""Brachytherapy: sources, application setups and their channels."""

from collections.abc import Iterator

from gateway.dicom.encoded_items import Item
from gateway.dicom.iod.meaning.notes import doubtful, wrong
from gateway.dicom.iod.reading import integer, items, number
from gateway.domain.findings import Finding

SECONDS_IN_AN_HOUR = 3_600.0
KERMA = 0.05
"""Relatively: decay between the reference date and the treatment is the peer's matter."""
ABOVE_0 = ("SourceIsotopeHalfLife", "ReferenceAirKermaRate")


def setup_findings(dataset: Item) -> Iterator[Finding]:
    """Application setups of a plan."""
    yield from source_findings(dataset, "SourceSequence", "C.8.8.15")
    strengths = {
        integer(source, "SourceNumber"): number(source, "ReferenceAirKermaRate")
        for source in items(dataset, "SourceSequence")
    }
    for index, setup in enumerate(items(dataset, "ApplicationSetupSequence")):
        path = f"ApplicationSetupSequence[{index}]"
        kerma_ugy = 0.0
        for place, channel in enumerate(items(setup, "ChannelSequence")):
            where = f"{path}.ChannelSequence[{place}].ChannelTotalTime"
            time_s = number(channel, "ChannelTotalTime") or 0.0
            if time_s < 0.0:
                yield wrong("time", where, f"{time_s:g} s", "C.8.8.15")
            rate = strengths.get(integer(channel, "ReferencedSourceNumber")) or 0.0
            pulses = integer(channel, "NumberOfPulses") or 1
            kerma_ugy += rate * time_s * pulses / SECONDS_IN_AN_HOUR
        yield from _kerma(setup, path, kerma_ugy)


def _kerma(setup: Item, path: str, due_ugy: float) -> Iterator[Finding]:
    """The product of strengths and times of all channels (uGy at 1 m)."""
    stated = number(setup, "TotalReferenceAirKerma")
    if stated and due_ugy and abs(stated - due_ugy) > KERMA * due_ugy:
        message = f"{stated:g} uGy, where strengths and times of the channels give {due_ugy:g}"
        yield doubtful("air-kerma", f"{path}.TotalReferenceAirKerma", message, "C.8.8.15")


def source_findings(dataset: Item, sequence: str, clause: str) -> Iterator[Finding]:
    """Sources of a plan or of a record."""
    for index, source in enumerate(items(dataset, sequence)):
        for name in ABOVE_0:
            value = number(source, name)
            if value is not None and value < 0.0:
                message = f"{value:g} is below 0"
                yield wrong("source", f"{sequence}[{index}].{name}", message, clause)
