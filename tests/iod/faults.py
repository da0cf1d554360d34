"""Single faults of every kind, put into any attribute that an object has."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset
from pydicom.datadict import dictionary_VM
from pydicom.dataelem import DataElement
from pydicom.tag import Tag

from gateway.dicom.iod.tables import iod_tables

LONG = "A" * 70
NONSENSE = {
    "AE": "A" * 17,
    "AS": "40",
    "CS": "lower",
    "DA": "20261399",
    "DS": "1_000",
    "DT": "2026-01-01",
    "IS": "1_0",
    "LO": LONG,
    "SH": LONG,
    "TM": "9999",
    "UI": "1..2",
}
FOREIGN = (Tag(0x0054, 0x0081), "US", 3)
"""Number of Slices: of nuclear medicine."""
COUNTS_NOTHING = frozenset(
    {
        "NumberOfFractions",
        "NumberOfFractionsDelivered",
        "NumberOfFractionsIncluded",
        "NumberOfFractionsPlanned",
        "NumberOfPaintings",
        "NumberOfPulses",
    }
)
"""Numbers of what is not in the object."""
ASCENDING = ("LeafPositionBoundaries", "GridFrameOffsetVector", "ParallelRTBeamDelimiterBoundaries")
INDICES = frozenset({"ControlPointIndex", "BeamOrderIndex", "RTControlPointIndex"})
REFERENCED = "Referenced"
NO_ITEM = 987


@dataclass(frozen=True)
class Place:
    """An attribute of an object: its steps, its type in the tables, its enumerated values."""

    steps: tuple[tuple[int, int], ...]
    tag: int
    kind: str
    enumerated: bool


def places(dataset: Dataset, sop_class: str) -> list[Place]:
    """Every attribute that the tables know, in the first two items of each sequence."""
    info = iod_tables().info
    merged: dict[str, Any] = {}
    for module in info.iods[sop_class]["modules"].values():
        _merge(merged, info.modules[module["ref"]])
    return list(_places(dataset, merged, ()))


def _merge(into: dict[str, Any], rules: Mapping[str, Any]) -> None:
    """What any module says of an attribute; of several types the strictest."""
    for key, rule in rules.items():
        known = into.setdefault(key, {"type": rule["type"]})
        known["type"] = min(known["type"], rule["type"])
        if "enums" in rule:
            known["enums"] = rule["enums"]
        if "items" in rule:
            _merge(known.setdefault("items", {}), rule["items"])


def _places(
    dataset: Dataset, rules: Mapping[str, Any], steps: tuple[tuple[int, int], ...]
) -> Iterator[Place]:
    for element in dataset:
        rule = rules.get(f"({element.tag.group:04X},{element.tag.element:04X})")
        if rule is None:
            continue
        yield Place(steps, int(element.tag), rule["type"], "enums" in rule)
        if element.VR == "SQ" and "items" in rule:
            for index, item in enumerate(element.value[:2]):
                yield from _places(item, rule["items"], (*steps, (int(element.tag), index)))


def put_in(dataset: Dataset, place: Place, fault: str) -> bool:
    """Put the fault in; False where it would be none."""
    holder, before = dataset, None
    for tag, index in place.steps:
        items = holder[tag].value
        holder, before = items[index], items[index - 1] if index else None
    return FAULTS[fault](dataset, holder, holder[place.tag], place, before)


def _drop(_all: Dataset, holder: Dataset, element: DataElement, place: Place, _before: Any) -> bool:
    if place.kind not in ("1", "2"):
        return False
    del holder[element.tag]
    return True


def _empty(
    _all: Dataset, holder: Dataset, element: DataElement, place: Place, _before: Any
) -> bool:
    if place.kind != "1" or element.is_empty:
        return False
    return _put(holder, element, [] if element.VR == "SQ" else None)


def _text(_all: Dataset, holder: Dataset, element: DataElement, _place: Place, _b: Any) -> bool:
    return element.VR in NONSENSE and _put(holder, element, NONSENSE[element.VR])


def _many(_all: Dataset, holder: Dataset, element: DataElement, _place: Place, _b: Any) -> bool:
    """More values than the dictionary has; also of numbers that have two or three."""
    allowed = dictionary_VM(element.tag)
    if element.VR in ("SQ", "UI") or element.is_empty or not allowed.isdigit():
        return False
    if element.VR in ("LT", "ST", "UT", "UR", "OB", "OW"):
        return False
    values = [element.value] if element.VM == 1 else list(element.value)
    return _put(holder, element, values * 2)


def _foreign(_all: Dataset, holder: Dataset, _e: DataElement, place: Place, _before: Any) -> bool:
    if place.kind != "1":
        return False
    holder.add_new(*FOREIGN)
    return True


def _term(_all: Dataset, holder: Dataset, element: DataElement, place: Place, _before: Any) -> bool:
    if not place.enumerated or element.VR != "CS" or element.VM != 1:
        return False
    return _put(holder, element, "NONESUCH")


def _counted(_all: Dataset, holder: Dataset, element: DataElement, _p: Place, _b: Any) -> bool:
    keyword = element.keyword
    if not keyword.startswith("NumberOf") or keyword in COUNTS_NOTHING or element.is_empty:
        return False
    return _put(holder, element, int(element.value) + 1)


def _reference(all_: Dataset, holder: Dataset, element: DataElement, _p: Place, _b: Any) -> bool:
    """To a number that an item of the same object has."""
    target = element.keyword.removeprefix(REFERENCED)
    if target == element.keyword or element.VR not in ("IS", "US") or element.is_empty:
        return False
    if not any(one.keyword == target for one in all_.iterall()):
        return False
    return _put(holder, element, NO_ITEM)


def _order(_all: Dataset, holder: Dataset, element: DataElement, _p: Place, before: Any) -> bool:
    keyword = element.keyword
    if keyword in ASCENDING and element.VM > 2:
        return _put(holder, element, [*element.value[1:], element.value[0]])
    if before is None or keyword not in before or element.is_empty:
        return False
    if keyword in INDICES:
        return _put(holder, element, before[keyword].value)
    return "Cumulative" in keyword and _put(holder, element, -1)


FAULTS = {
    "a demanded attribute is missing": _drop,
    "a demanded value is missing": _empty,
    "a value is none of its VR": _text,
    "there are more values than may be": _many,
    "an attribute of another IOD": _foreign,
    "a term that is none of the enumerated": _term,
    "a count that is not that of the items": _counted,
    "a reference to nothing": _reference,
    "an order that is broken": _order,
}
NAMES = {
    "a count that is not that of the items": re.compile("^NumberOf(?!Fraction|Paint|Pulse)"),
    "a reference to nothing": re.compile("^Referenced.*(Number|Index)$"),
    "an order that is broken": re.compile("Cumulative|Index$|Boundaries$|OffsetVector$"),
}
"""Attributes that some faults can only be in: for quicker draws."""


def _put(holder: Dataset, element: DataElement, value: object) -> bool:
    holder[element.tag] = DataElement(element.tag, element.VR, value, validation_mode=0)
    return True
