"""Every value by itself: its VR's rules (PS3.5 6.2), and how many there may be (PS3.6)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from pydicom import Dataset
from pydicom.config import RAISE
from pydicom.datadict import dictionary_has_tag, dictionary_VM
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.valuerep import validate_value

from gateway.dicom.iod.reading import raw_value, vr_of, walk
from gateway.dicom.numbers import NotANumber, decimals, integers, is_empty
from gateway.domain.findings import Finding, Severity

LONGEST = {"DS": 16, "IS": 12}
SHOWN = 40
_CHECKED = frozenset({"AE", "AS", "CS", "DA", "DT", "LO", "PN", "SH", "TM", "UI"})
_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UN"})
_RANGE = re.compile(r"(\d+)(?:-(\d*)(n?))?")


def value_findings(dataset: Dataset) -> Iterator[Finding]:
    """Findings of every element that has a value."""
    for path, holder, element in walk(dataset):
        vr = vr_of(element)
        if vr in LONGEST:
            yield from _number(path, element, vr)
        elif vr in _CHECKED:
            yield from _text(path, holder, element.tag, vr)


def _number(path: str, element: DataElement | RawDataElement, vr: str) -> Iterator[Finding]:
    raw = raw_value(element)
    if is_empty(raw):
        return
    parts = raw.split(b"\\")
    parts[-1] = parts[-1].removesuffix(b"\0").removesuffix(b" ")  # what made its length even
    too_long = next((part for part in parts if len(part) > LONGEST[vr]), None)
    if too_long is not None:
        shown = too_long[:SHOWN].decode("ascii", "replace")
        yield _broken(path, f"{shown!r} is longer than the {LONGEST[vr]} characters of a {vr}")
        return
    try:
        if vr == "DS":
            decimals(raw)
        else:
            integers(raw)
    except NotANumber as problem:
        yield _broken(path, str(problem))
    yield from _multiplicity(path, element.tag, len(parts))


def _text(path: str, holder: Dataset, tag: BaseTag, vr: str) -> Iterator[Finding]:
    value = holder[tag].value
    several = list(value) if isinstance(value, MultiValue | list) else [value]
    if value is None or several in ([""], []):
        return
    for one in several:
        try:
            validate_value(vr, one, RAISE)
        except ValueError:
            yield _broken(path, f"{str(one)[:SHOWN]!r} is no value of VR {vr}")
            break
    yield from _multiplicity(path, tag, len(several))


def _multiplicity(path: str, tag: BaseTag, count: int) -> Iterator[Finding]:
    allowed = dictionary_VM(tag) if dictionary_has_tag(tag) else ""
    if allowed and not fits(allowed, count):
        yield Finding(
            Severity.ERROR,
            "value-multiplicity",
            path,
            f"{count} values, where there may be {allowed}",
            "PS3.6 6",
        )


@lru_cache(maxsize=512)
def fits(allowed: str, count: int) -> bool:
    """Whether a multiplicity of PS3.6 has it: ``1``, ``1-3``, ``1-n``, ``2-2n``, ``1 or 3``."""
    return any(_fits(part.strip(), count) for part in allowed.split("or"))


def _fits(allowed: str, count: int) -> bool:
    found = _RANGE.fullmatch(allowed)
    if found is None:
        return True
    least = int(found[1])
    if found[2] is None:
        return count == least
    if found[3]:
        return count >= least and count % int(found[2] or 1) == 0
    return least <= count <= int(found[2])


def _broken(path: str, message: str) -> Finding:
    return Finding(Severity.ERROR, "value-representation", path, message, "PS3.5 6.2")
