"""RT Plans and RT Ion Plans: fraction groups, devices, what beams are counted in."""

from collections.abc import Iterator, Mapping

import numpy as np

from gateway.dicom.encoded_items import Item
from gateway.dicom.iod.meaning.brachy import setup_findings
from gateway.dicom.iod.meaning.control_points import (
    energy_findings,
    leaf_findings,
    standing_findings,
)
from gateway.dicom.iod.meaning.notes import doubtful, wrong
from gateway.dicom.iod.meaning.spots import plan_spots
from gateway.dicom.iod.reading import integer, items, number, numbers, text
from gateway.domain.findings import Finding

BEAMS = {"BeamSequence": "ControlPointSequence", "IonBeamSequence": "IonControlPointSequence"}
DEVICES = ("BeamLimitingDeviceSequence", "IonBeamLimitingDeviceSequence")
CLAUSES = {"BeamSequence": "C.8.8.14", "IonBeamSequence": "C.8.8.25"}
SETTINGS = {
    "NumberOfWedges": ("WedgePositionSequence", "IonWedgePositionSequence"),
    "NumberOfRangeShifters": ("RangeShifterSettingsSequence",),
    "NumberOfLateralSpreadingDevices": ("LateralSpreadingDeviceSettingsSequence",),
    "NumberOfRangeModulators": ("RangeModulatorSettingsSequence",),
}
"""Of the first control point, where the number is not 0."""


def plan_findings(dataset: Item) -> Iterator[Finding]:
    """Everything about a plan as a whole."""
    groups = items(dataset, "FractionGroupSequence")
    if not groups:
        message = "nothing says how much is due of the beams"
        yield doubtful("no-fractions", "FractionGroupSequence", message, "C.8.8.13")
    for index, group in enumerate(groups):
        yield from _group(group, f"FractionGroupSequence[{index}]")
    for keyword, points in BEAMS.items():
        for index, beam in enumerate(items(dataset, keyword)):
            yield from _beam(beam, f"{keyword}[{index}]", points, CLAUSES[keyword])
    yield from setup_findings(dataset)


def _group(group: Item, path: str) -> Iterator[Finding]:
    beams = integer(group, "NumberOfBeams")
    if beams and integer(group, "NumberOfBrachyApplicationSetups"):
        message = "a fraction group has beams or brachy application setups, not both"
        yield wrong("beams-and-brachy", path, message, "C.8.8.13")
    for index, beam in enumerate(items(group, "ReferencedBeamSequence")):
        meterset = number(beam, "BeamMeterset")
        if meterset is not None and meterset < 0.0:
            where = f"{path}.ReferencedBeamSequence[{index}].BeamMeterset"
            yield wrong("meterset", where, f"{meterset:g} is below 0", "C.8.8.13")


def _beam(beam: Item, path: str, keyword: str, clause: str) -> Iterator[Finding]:
    points = items(beam, keyword)
    pairs = device_pairs(beam)
    yield from _boundaries(beam, path)
    yield from leaf_findings(points, f"{path}.{keyword}", pairs, "C.8.8.14.3")
    if points:
        yield from _first_point(beam, points[0], f"{path}.{keyword}[0]", pairs, clause)
    if points and keyword == "IonControlPointSequence":
        yield from plan_spots(points, f"{path}.{keyword}")
        yield from energy_findings(points[0], f"{path}.{keyword}[0]", clause)
    if not text(beam, "PrimaryDosimeterUnit"):
        message = "nothing says what the meterset is counted in"
        yield doubtful("unit-missing", f"{path}.PrimaryDosimeterUnit", message, clause)
    for name in ("SourceAxisDistance", "VirtualSourceAxisDistances"):
        distances = numbers(beam, name)
        if distances is not None and np.any(distances <= 0.0):
            yield wrong("geometry", f"{path}.{name}", "it is not above 0", clause)


def _first_point(
    beam: Item, point: Item, path: str, pairs: Mapping[str, int], clause: str
) -> Iterator[Finding]:
    """What devices that the beam declares are set to when it begins."""
    yield from standing_findings(point, path, pairs, clause)
    for counted, sequences in SETTINGS.items():
        declared = integer(beam, counted)
        found = sum(len(items(point, name)) for name in sequences)
        if declared and declared != found:
            message = f"{found} settings, where {counted} is {declared}"
            yield wrong(
                "control-point-0-incomplete", f"{path}.{_named(point, sequences)}", message, clause
            )


def _named(point: Item, sequences: tuple[str, ...]) -> str:
    return next((name for name in sequences if name in point), sequences[0])


def device_pairs(beam: Item) -> Mapping[str, int]:
    """Leaf or jaw pairs by device type."""
    return {
        text(device, "RTBeamLimitingDeviceType"): integer(device, "NumberOfLeafJawPairs") or 0
        for sequence in DEVICES
        for device in items(beam, sequence)
    }


def _boundaries(beam: Item, path: str) -> Iterator[Finding]:
    for sequence in DEVICES:
        for index, device in enumerate(items(beam, sequence)):
            where = f"{path}.{sequence}[{index}].LeafPositionBoundaries"
            boundaries = numbers(device, "LeafPositionBoundaries")
            pairs = integer(device, "NumberOfLeafJawPairs")
            if boundaries is None or pairs is None:
                continue
            if boundaries.size != pairs + 1:
                message = f"{boundaries.size} boundaries for {pairs} pairs"
                yield wrong("leaf-boundaries", where, message, "C.8.8.14.3")
            elif np.any(np.diff(boundaries) <= 0.0):
                yield wrong("leaf-boundaries", where, "they do not ascend", "C.8.8.14.3")
