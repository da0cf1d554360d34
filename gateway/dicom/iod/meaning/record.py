"""Treatment records of photons, ions and sources: devices, metersets and times as they came."""

from collections.abc import Iterator, Mapping, Sequence

from gateway.dicom.encoded_items import Item
from gateway.dicom.iod.meaning.brachy import source_findings
from gateway.dicom.iod.meaning.control_points import (
    energy_findings,
    leaf_findings,
    not_backwards,
    standing_findings,
    times_forwards,
)
from gateway.dicom.iod.meaning.notes import doubtful, wrong
from gateway.dicom.iod.meaning.spots import delivered_spots
from gateway.dicom.iod.reading import integer, items, number, text
from gateway.domain.findings import Finding

BEAMS: Mapping[str, tuple[str, str]] = {
    "TreatmentSessionBeamSequence": ("ControlPointDeliverySequence", "C.8.8.21"),
    "TreatmentSessionIonBeamSequence": ("IonControlPointDeliverySequence", "C.8.8.26"),
}
SETUPS = "TreatmentSessionApplicationSetupSequence"
BRACHY_POINTS = "BrachyControlPointDeliveredSequence"
PAIRS = "BeamLimitingDeviceLeafPairsSequence"
SESSIONS = (*BEAMS, SETUPS, "ReferencedTreatmentRecordSequence")
CLOSE = 0.01
"""Of the specified meterset: what a beam that ended normally may be short of."""


def record_findings(dataset: Item) -> Iterator[Finding]:
    """Everything about what a session delivered."""
    if not any(name in dataset for name in SESSIONS):
        message = "the record is of no beam and no application setup"
        yield wrong("type-1-missing", next(iter(BEAMS)), message, "C.8.8.21")
    for keyword, (points, clause) in BEAMS.items():
        for index, beam in enumerate(items(dataset, keyword)):
            yield from _beam(beam, f"{keyword}[{index}]", points, clause)
    yield from source_findings(dataset, "RecordedSourceSequence", "C.8.8.22")
    for index, setup in enumerate(items(dataset, SETUPS)):
        for place, channel in enumerate(items(setup, "RecordedChannelSequence")):
            path = f"{SETUPS}[{index}].RecordedChannelSequence[{place}]"
            yield from _channel(channel, path)


def _beam(beam: Item, path: str, keyword: str, clause: str) -> Iterator[Finding]:
    points, where = items(beam, keyword), f"{path}.{keyword}"
    yield from _devices(beam, points, where, clause)
    for name in ("DeliveredMeterset", "SpecifiedMeterset"):
        yield from not_backwards(points, where, name, "meterset-order", "C.8.8.21.2")
    yield from times_forwards(points, where, clause)
    if points and keyword == "IonControlPointDeliverySequence":
        yield from delivered_spots(points, where)
        yield from energy_findings(points[0], f"{where}[0]", clause)
    yield from _ended(beam, path, clause)


def _ended(beam: Item, path: str, clause: str) -> Iterator[Finding]:
    """What was delivered of a beam that ended normally and was not a continuation."""
    if text(beam, "TreatmentTerminationStatus") != "NORMAL":
        return
    if text(beam, "TreatmentDeliveryType") != "TREATMENT":
        return
    specified, delivered = (
        number(beam, f"{what}PrimaryMeterset") for what in ("Specified", "Delivered")
    )
    if specified is None or delivered is None:
        return
    if abs(delivered - specified) > CLOSE * specified:
        message = f"{delivered:g} of {specified:g}, and the beam ended normally"
        yield doubtful("meterset", f"{path}.DeliveredPrimaryMeterset", message, clause)


def _devices(beam: Item, points: Sequence[Item], path: str, clause: str) -> Iterator[Finding]:
    pairs = {
        text(device, "RTBeamLimitingDeviceType"): integer(device, "NumberOfLeafJawPairs") or 0
        for device in items(beam, PAIRS)
    }
    yield from leaf_findings(points, path, pairs, clause)
    if points:
        yield from standing_findings(points[0], f"{path}[0]", pairs, clause)


def _channel(channel: Item, path: str) -> Iterator[Finding]:
    for name in ("SpecifiedChannelTotalTime", "DeliveredChannelTotalTime"):
        time_s = number(channel, name)
        if time_s is not None and time_s < 0.0:
            yield wrong("time", f"{path}.{name}", f"{time_s:g} s", "C.8.8.22")
    points = items(channel, BRACHY_POINTS)
    yield from times_forwards(points, f"{path}.{BRACHY_POINTS}", "C.8.8.22")


def summary_findings(dataset: Item) -> Iterator[Finding]:
    """A summary of what was delivered up to now."""
    first, recent = (text(dataset, f"{which}TreatmentDate") for which in ("First", "MostRecent"))
    if first and recent and recent < first:
        message = "it is before the first treatment"
        yield wrong("time-order", "MostRecentTreatmentDate", message, "C.8.8.23")
    for index, group in enumerate(items(dataset, "FractionGroupSummarySequence")):
        path = f"FractionGroupSummarySequence[{index}]"
        planned, delivered = (
            integer(group, f"NumberOfFractions{what}") for what in ("Planned", "Delivered")
        )
        if planned is not None and delivered is not None and delivered > planned:
            message = f"{delivered} of {planned}"
            yield doubtful("fractions", f"{path}.NumberOfFractionsDelivered", message, "C.8.8.23")
