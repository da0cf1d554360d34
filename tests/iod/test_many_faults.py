"""300 single faults, drawn over everything that clean objects have: nearly all are found."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.tag import Tag

from gateway.dicom.iod.tables import iod_tables
from gateway.dicom.iod.validation import validate
from gateway.domain.findings import Severity
from tests.iod.objects import OBJECTS, encoded, opened

FAULTS = 300
WANTED = 0.97
SEED = 20_260_101
KINDS = ("drop", "empty", "text", "count", "foreign", "enumerated")
LONG = "A" * 70
NONSENSE = {"DS": "1_000", "IS": "1_0", "DA": "20261399", "TM": "9999", "UI": "1..2", "CS": "lower"}


@dataclass(frozen=True)
class Place:
    """An attribute of an object: its steps, its type in the tables, its enumerated values."""

    steps: tuple[tuple[int, int], ...]
    tag: int
    kind: str
    enumerated: bool


def places(dataset: Dataset, sop_class: str) -> list[Place]:
    tables = iod_tables().info
    modules = tables.iods[sop_class]["modules"].values()
    merged: dict[str, dict] = {}
    for module in modules:
        for key, attribute in tables.modules[module["ref"]].items():
            if key not in merged or attribute["type"] < merged[key]["type"]:
                merged[key] = attribute
    return list(_places(dataset, merged, ()))


def _places(
    dataset: Dataset, attributes: dict, steps: tuple[tuple[int, int], ...]
) -> Iterator[Place]:
    for element in dataset:
        attribute = attributes.get(f"({element.tag.group:04X},{element.tag.element:04X})")
        if attribute is None:
            continue
        yield Place(steps, int(element.tag), attribute["type"], "enums" in attribute)
        if element.VR == "SQ" and "items" in attribute:
            for index, item in enumerate(element.value[:2]):
                yield from _places(item, attribute["items"], (*steps, (int(element.tag), index)))


def broken(dataset: Dataset, place: Place, fault: str) -> bool:
    """Put the fault in; False where it would be none."""
    holder = dataset
    for tag, index in place.steps:
        holder = holder[tag].value[index]
    element = holder[place.tag]
    if fault == "drop" and place.kind in ("1", "2"):
        del holder[place.tag]
    elif fault == "empty" and place.kind == "1" and not element.is_empty:
        holder[place.tag] = DataElement(place.tag, element.VR, [] if element.VR == "SQ" else None)
    elif fault == "text" and element.VR in NONSENSE:
        put(holder, element, NONSENSE[element.VR])
    elif fault == "text" and element.VR in {"SH", "LO"}:
        put(holder, element, LONG)
    elif fault == "count" and element.VM == 1 and element.VR in {"DS", "IS", "CS", "DA"}:
        if str(element.value) == "" or element.keyword in MANY:
            return False
        put(holder, element, [element.value] * 7)
    elif fault == "foreign" and place.kind == "1":
        holder.add_new(*FOREIGN)
    elif fault == "enumerated" and place.enumerated and element.VR == "CS" and element.VM == 1:
        put(holder, element, "NONESUCH")
    else:
        return False
    return True


FOREIGN = (Tag(0x0054, 0x0081), "US", 3)
"""Number of Slices: of nuclear medicine."""
MANY = frozenset(
    {
        "ImageType",
        "OperatorsName",
        "SpecificCharacterSet",
        "SoftwareVersions",
        "PatientOrientation",
        "LeafJawPositions",
        "DVHData",
        "ContourData",
        "WindowCenter",
        "WindowWidth",
        "GridFrameOffsetVector",
        "PatientSetupLabel",
    }
)
"""May have more than one value."""


def put(holder: Dataset, element: DataElement, value: object) -> None:
    holder[element.tag] = DataElement(element.tag, element.VR, value, validation_mode=0)


@pytest.mark.filterwarnings("ignore")
def test_nearly_every_fault_is_found() -> None:
    draw = random.Random(SEED)
    clean = {kind: make() for kind, make in OBJECTS.items()}
    known = {
        kind: {(one.rule, one.path) for one in validate(content).findings}
        for kind, content in clean.items()
    }
    missed, done = [], 0
    while done < FAULTS:
        kind = draw.choice(list(clean))
        dataset = opened(clean[kind])
        place = draw.choice(places(dataset, str(dataset.SOPClassUID)))
        fault = draw.choice(KINDS)
        if not broken(dataset, place, fault):
            continue
        done += 1
        found = validate(encoded(dataset)).findings
        fresh = [one for one in found if (one.rule, one.path) not in known[kind]]
        if not any(one.severity is not Severity.INFO for one in fresh):
            missed.append(f"{kind}: {fault} {Tag(place.tag)} in {place.steps}")
    assert len(missed) <= (1.0 - WANTED) * FAULTS, "\n".join(missed)
