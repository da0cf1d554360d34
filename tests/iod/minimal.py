"""The least object of an IOD that its tables accept: what they demand, and no more."""

import re
from collections.abc import Mapping
from typing import Any

from pydicom import Dataset
from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence
from pydicom.uid import UID

from gateway.dicom.iod.tables import iod_tables, number_of
from gateway.dicom.iod.validation import validate
from gateway.domain.findings import Finding
from tests.iod.parts import common, encoded, pixels

VALUES: Mapping[str, Any] = {
    "AE": "AE",
    "AS": "040Y",
    "AT": 0x300A00C0,
    "CS": "TERM",
    "DA": "20260101",
    "DS": "1",
    "DT": "20260101101500",
    "FD": 1.0,
    "FL": 1.0,
    "IS": 1,
    "LO": "text",
    "LT": "text",
    "OB": b"\0\0",
    "OW": b"\0\0",
    "PN": "Phantom^EPID",
    "SH": "text",
    "SL": 1,
    "SS": 1,
    "ST": "text",
    "TM": "101500",
    "UC": "text",
    "UI": "1.2.7",
    "UL": 1,
    "UR": "urn:x",
    "US": 1,
    "UT": "text",
}
CODE = {"CodeValue": "1", "CodingSchemeDesignator": "99TEST", "CodeMeaning": "one"}
KNOWN = {
    "InstanceNumber": 1,
    "ImageType": ["ORIGINAL", "PRIMARY", "PORTAL", "NONE"],
    "PixelRepresentation": 0,
    "PixelPresentation": "MONOCHROME",
    "BurnedInAnnotation": "NO",
    "VolumetricProperties": "DISTORTED",
    "RTTreatmentPhaseIntentPresenceFlag": "NO",
}
ROUNDS = 12
COUNTED = re.compile(r"\d+")
ENDS = ("missing", "empty")


def minimal(sop_class: str, modality: str, *, with_pixels: bool) -> bytes:
    """A file of the SOP class."""
    made = common(sop_class, modality)
    rules = merged(sop_class)
    if with_pixels:
        pixels(made, 4, 4, 1)
    _fill(made, rules)
    for _ in range(ROUNDS):
        wanting = [
            one
            for one in validate(encoded(made)).findings
            if one.rule.endswith(ENDS) or one.rule in ("condition-not-met", "item-count")
        ]
        for finding in wanting:
            _mend(made, rules, finding)
        if not wanting:
            break
    return encoded(made)


def merged(sop_class: str) -> dict[str, Any]:
    """The rules of the modules of an IOD that are always there."""
    info = iod_tables().info
    found: dict[str, Any] = {}
    for module in info.iods[sop_class]["modules"].values():
        if module["use"] == "M":
            for tag, rule in info.modules[module["ref"]].items():
                if tag not in found or rule["type"] < found[tag]["type"]:
                    found[tag] = rule
    return found


def _fill(dataset: Dataset, rules: Mapping[str, Any]) -> None:
    for tag, rule in rules.items():
        if rule["type"] in ("1", "2") and number_of(tag) not in dataset:
            _put(dataset, number_of(tag), rule)


def _put(dataset: Dataset, tag: int, rule: Mapping[str, Any]) -> None:
    keyword = keyword_for_tag(tag)
    vr = dictionary_VR(tag).split(" or ")[0]
    if rule["type"].startswith("2"):
        value: Any = None if vr != "SQ" else []
    elif vr == "SQ":
        inside = Dataset()
        _fill(inside, rule.get("items", {}))
        if "CodeMeaning" in inside:
            inside.update(CODE)
        value = Sequence([inside])
    elif keyword in KNOWN:
        value = KNOWN[keyword]
    elif "enums" in rule:
        value = rule["enums"][0]["val"][0]
    else:
        value = _known(keyword, vr, dictionary_VM(tag))
    dataset[tag] = DataElement(tag, vr, value)


def _known(keyword: str, vr: str, many: str) -> Any:
    if keyword.endswith("SOPClassUID"):
        return UID("1.2.840.10008.5.1.4.1.1.481.12")
    least = int(many.split("-", maxsplit=1)[0].split(" ", maxsplit=1)[0])
    return VALUES[vr] if least == 1 else [VALUES[vr]] * least


def _mend(dataset: Dataset, rules: Mapping[str, Any], finding: Finding) -> None:
    *steps, last = finding.path.split(".")
    for step in steps:
        keyword, index = step.rstrip("]").split("[")
        element = dataset[keyword]
        tag = int(element.tag)
        rules = rules.get(f"({tag >> 16:04X},{tag & 0xFFFF:04X})", {}).get("items", {})
        dataset = element.value[int(index)]
    if finding.rule == "item-count":
        setattr(dataset, last, int(COUNTED.findall(finding.message)[-1]))
        return
    for tag, rule in rules.items():
        if keyword_for_tag(number_of(tag)) == last:
            if finding.rule == "condition-not-met":
                del dataset[last]
            else:
                _put(dataset, number_of(tag), {**rule, "type": rule["type"][:1]})
