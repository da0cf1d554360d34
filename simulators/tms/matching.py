"""Attribute matching of worklist and object queries (PS3.4 C.2.2.2 and CC.2.8)."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

from pydicom import DataElement, Dataset

from simulators.tms.data import is_valued

_WILDCARD_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
_TIME_VRS = frozenset({"DA", "DT", "TM"})
_NUMBER_VRS = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "UL", "US"})
_TIME = re.compile(r"(\d{2})?(\d{2})?(\d{2})?(?:\.(\d{1,6}))?")
_DATE = re.compile(r"(\d{4})(\d{2})?(\d{2})?")
_OFFSET = re.compile(r"([+-])(\d{2})(\d{2})$")
_VALUES = {
    "DA": r"\d{8}",
    "TM": r"\d{2}(?:\d{2}){0,2}(?:\.\d{1,6})?",
    "DT": r"\d{4}(?:\d{2}){0,5}(?:\.\d{1,6})?(?:[+-](?:0\d|1[0-4])\d{2})?",
}
"""Values of dates and times; a hyphen and four digits up to 1400 are an offset (PS3.5 6.2)."""


def matches(keys: Dataset, candidate: Dataset) -> bool:
    """Whether ``candidate`` matches every key; an empty key matches anything."""
    return all(
        matches_element(key, candidate.get(key.tag, None))
        for key in keys
        if key.keyword not in ("SpecificCharacterSet", "QueryRetrieveLevel")
    )


def matches_element(key: DataElement, element: DataElement | None) -> bool:
    """Whether one element matches its key. A key that is empty, or an empty item, matches all."""
    if not is_valued(key) or (key.VR == "SQ" and _asks_nothing(key)):
        return True
    if element is None or not is_valued(element):
        return key.VR in _WILDCARD_VRS and not str(key.value).strip("* ")
    if key.VR == "SQ":
        return any(matches(key.value[0], item) for item in element.value)
    return any(
        _matches_value(key.VR, wanted, found)
        for wanted in _values(key)
        for found in _values(element)
    )


def answered(keys: Dataset, candidate: Dataset) -> Dataset:
    """The part of ``candidate`` that a query asked for, with its identity (CC.2.8.1.3.2)."""
    answer = Dataset()
    for key in keys:
        if key.tag in candidate:
            answer[key.tag] = candidate[key.tag]
        else:
            answer[key.tag] = DataElement(key.tag, key.VR, [] if key.VR == "SQ" else None)
    for keyword in ("SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID"):
        if keyword in candidate:
            answer[keyword] = candidate[keyword]
    return answer


def _asks_nothing(sequence: DataElement) -> bool:
    return all(matches_element(key, None) for key in sequence.value[0])


def _values(element: DataElement) -> list[str]:
    values = element.value if element.VM > 1 else [element.value]
    return [str(value).strip() for value in values]


def _matches_value(vr: str, wanted: str, found: str) -> bool:
    if vr in _TIME_VRS:
        return _matches_time(vr, wanted, found)
    if vr in _NUMBER_VRS:
        return _number(wanted) == _number(found)
    if vr == "PN":
        wanted, found = wanted.casefold(), found.casefold()
    if vr in _WILDCARD_VRS and ("*" in wanted or "?" in wanted):
        parts = (
            {"*": ".*", "?": "."}.get(part, re.escape(part)) for part in re.split("([*?])", wanted)
        )
        return re.fullmatch("".join(parts), found, re.DOTALL) is not None
    return wanted == found


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _matches_time(vr: str, wanted: str, found: str) -> bool:
    """A single value or a range, open at either end; less precise bounds span what they name."""
    here = _span(vr, found)
    bounds = _bounds(vr, wanted)
    if here is None or bounds is None:
        return wanted == found
    first, last = (_span(vr, bound) for bound in bounds)
    return (first is None or here[0] >= first[0]) and (last is None or here[0] <= last[1])


def _bounds(vr: str, wanted: str) -> tuple[str, str] | None:
    """The ends of a range, "" where it is open; twice the same for a single value."""
    value = _VALUES[vr]
    if re.fullmatch(value, wanted):
        return wanted, wanted
    ends = re.fullmatch(f"({value})?-({value})?", wanted)
    return None if ends is None or wanted == "-" else (ends[1] or "", ends[2] or "")


def _span(vr: str, text: str) -> tuple[datetime, datetime] | None:
    """The first and last instant of a DA, TM or DT value; UTC where no offset is given."""
    offset = timedelta()
    if vr == "DT" and (given := _OFFSET.search(text)):
        sign = -1 if given[1] == "-" else 1
        offset = sign * timedelta(hours=int(given[2]), minutes=int(given[3]))
        text = text[: given.start()]
    day, clock = (text[:8], text[8:]) if vr != "TM" else ("20000101", text.replace(":", ""))
    date, time = _DATE.fullmatch(day), _TIME.fullmatch(clock)
    if date is None or time is None or (vr == "TM" and not clock):
        return None
    try:
        first = _instant(date, time, earliest=True)
        last = _instant(date, time, earliest=False)
    except ValueError:
        return None
    return first - offset, last - offset


def _instant(date: re.Match[str], time: re.Match[str], *, earliest: bool) -> datetime:
    year, month = int(date[1]), int(date[2] or (1 if earliest else 12))
    day = int(date[3] or (1 if earliest else monthrange(year, month)[1]))
    hour, minute, second = (
        int(time[place] or (0 if earliest else latest))
        for place, latest in ((1, 23), (2, 59), (3, 59))
    )
    fraction = (time[4] or "").ljust(6, "0" if earliest else "9")
    return datetime(year, month, day, hour, minute, min(second, 59), int(fraction), tzinfo=UTC)
