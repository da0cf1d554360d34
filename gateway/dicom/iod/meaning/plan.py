"""RT Plans and RT Ion Plans: fraction groups, beams, and what they refer to."""

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from gateway.dicom.encoded_items import Item
from gateway.dicom.iod.meaning.control_points import (
    leaf_findings,
    point_findings,
    weight_findings,
)
from gateway.dicom.iod.meaning.notes import doubtful, wrong
from gateway.dicom.iod.reading import integer, items, numbers, text
from gateway.domain.findings import Finding

BEAMS = {"BeamSequence": "ControlPointSequence", "IonBeamSequence": "IonControlPointSequence"}
DEVICES = ("BeamLimitingDeviceSequence", "IonBeamLimitingDeviceSequence")
ACCESSORIES = {
    "NumberOfWedges": ("WedgeSequence", "IonWedgeSequence"),
    "NumberOfCompensators": ("CompensatorSequence", "IonRangeCompensatorSequence"),
    "NumberOfBoli": ("ReferencedBolusSequence",),
    "NumberOfBlocks": ("BlockSequence", "IonBlockSequence"),
}
REFERENCES = {
    "ReferencedToleranceTableNumber": (
        ("ToleranceTableSequence", "IonToleranceTableSequence"),
        "ToleranceTableNumber",
    ),
    "ReferencedPatientSetupNumber": (("PatientSetupSequence",), "PatientSetupNumber"),
}
WITH_BOUNDARIES = ("MLCX", "MLCY")


def plan_findings(dataset: Item) -> Iterator[Finding]:
    """Everything about a plan as a whole."""
    beams = [beam for keyword in BEAMS for beam in items(dataset, keyword)]
    numbered = [integer(beam, "BeamNumber") for beam in beams]
    yield from _unique(numbered, "BeamNumber")
    yield from _groups(dataset, {one for one in numbered if one is not None})
    for keyword, points in BEAMS.items():
        for index, beam in enumerate(items(dataset, keyword)):
            yield from _beam(dataset, beam, f"{keyword}[{index}]", points)


def _unique(numbers_: list[int | None], what: str) -> Iterator[Finding]:
    for value, count in Counter(numbers_).items():
        if value is not None and count > 1:
            yield wrong("duplicate-number", what, f"{value} stands {count} times", "C.8.8.14")


def _groups(dataset: Item, beams: set[int]) -> Iterator[Finding]:
    setups = {
        integer(item, "ApplicationSetupNumber")
        for item in items(dataset, "ApplicationSetupSequence")
    }
    for index, group in enumerate(items(dataset, "FractionGroupSequence")):
        path = f"FractionGroupSequence[{index}]"
        counts = (
            integer(group, "NumberOfBeams"),
            integer(group, "NumberOfBrachyApplicationSetups"),
        )
        if all(counts):
            message = "a fraction group has beams or brachy application setups, not both"
            yield wrong("beams-and-brachy", path, message, "C.8.8.13")
        for count, keyword, name, known in (
            ("NumberOfBeams", "ReferencedBeamSequence", "ReferencedBeamNumber", beams),
            (
                "NumberOfBrachyApplicationSetups",
                "ReferencedBrachyApplicationSetupSequence",
                "ReferencedBrachyApplicationSetupNumber",
                setups,
            ),
        ):
            yield from _referenced(group, path, count, keyword, name, known)


def _referenced(
    group: Item,
    path: str,
    count: str,
    keyword: str,
    name: str,
    known: "set[int | None] | set[int]",
) -> Iterator[Finding]:
    declared, found = integer(group, count), items(group, keyword)
    if declared is not None and declared != len(found):
        message = f"{declared} are declared, {len(found)} are here"
        yield wrong("item-count", f"{path}.{count}", message, "C.8.8.13")
    for index, item in enumerate(found):
        value = integer(item, name)
        if value is not None and value not in known:
            message = f"{value} is not in this plan"
            yield wrong(
                "unresolved-reference", f"{path}.{keyword}[{index}].{name}", message, "C.8.8.13"
            )


def _beam(dataset: Item, beam: Item, path: str, keyword: str) -> Iterator[Finding]:
    yield from point_findings(beam, path, keyword)
    yield from weight_findings(beam, path, keyword)
    pairs = device_pairs(beam)
    yield from _boundaries(beam, path)
    if pairs:
        points = items(beam, keyword)
        yield from leaf_findings(points, f"{path}.{keyword}", pairs, "C.8.8.14.3")
    yield from accessory_findings(beam, path, "C.8.8.14")
    for name, (sequences, number) in REFERENCES.items():
        known = {
            integer(item, number) for sequence in sequences for item in items(dataset, sequence)
        }
        value = integer(beam, name)
        if value is not None and value not in known:
            yield wrong(
                "unresolved-reference", f"{path}.{name}", f"{value} is not in this plan", "C.8.8.14"
            )
    unit = text(beam, "PrimaryDosimeterUnit")
    if not unit:
        message = "nothing says what the meterset is counted in"
        yield doubtful("unit-missing", f"{path}.PrimaryDosimeterUnit", message, "C.8.8.14")


def accessory_findings(beam: Item, path: str, clause: str) -> Iterator[Finding]:
    """Declared numbers of wedges, blocks and the like against their items."""
    for count, sequences in ACCESSORIES.items():
        declared = integer(beam, count)
        found = sum(len(items(beam, sequence)) for sequence in sequences)
        if declared is not None and declared != found:
            message = f"{declared} are declared, {found} are here"
            yield wrong("item-count", f"{path}.{count}", message, clause)


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
