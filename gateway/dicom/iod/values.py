"""Every value by itself: its VR's rules (PS3.5 6.2), and how many there may be (PS3.6)."""

import math
import re
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from pydicom.datadict import dictionary_has_tag, dictionary_VM

from gateway.dicom.confidentiality import says_who
from gateway.dicom.encoded_items import (
    BINARY,
    SINGLE_TEXT,
    TEXTS,
    Element,
    Item,
    dictionary_vrs,
    name_of,
)
from gateway.dicom.iod.texts import is_text_of
from gateway.dicom.numbers import NotANumber, decimals, integers
from gateway.domain.findings import Finding, Severity

LONGEST = {"DS": 16, "IS": 12}
SHOWN = 40
UNKNOWN_VR = "??"
NO_VALUE = "value-representation"
OF_VALUES = "PS3.5 6.2"
_DECIMAL = rb" *+[+-]?(?:\d++(?:\.\d*+)?|\.\d++) *+"
_DECIMALS = re.compile(rb"%b(?:\\%b)*+\0?" % (_DECIMAL, _DECIMAL))
"""Without exponents: as many as 16 characters can say is finite."""
_SIZES = {vr: struct.calcsize(f"<{form}") for vr, form in BINARY.items()} | {"AT": 4}
_WORDS = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
"""Bytes of one value, by VR; and of VRs that are one value of any number of words."""
_RANGE = re.compile(r"(\d+)(?:-(\d*)(n?))?")
_PRIVATE = 0x10000

Broken: TypeAlias = tuple[str, str, str]
"""A rule, a message, and a clause."""


def value_findings(item: Item, path: str = "") -> Iterator[Finding]:
    """Findings of every public element at every depth."""
    for rule, message, clause, tag in _arrangement(item):
        yield Finding(Severity.ERROR, rule, f"{path}{name_of(tag)}", message, clause)
    for tag, element in item.elements.items():
        if tag & _PRIVATE:
            continue
        broken = _broken(element)
        if broken is not None:
            rule, message, clause = _without_identity(element, broken)
            yield Finding(Severity.ERROR, rule, f"{path}{name_of(tag)}", message, clause)
        for index, inner in enumerate(element.items or ()):
            yield from value_findings(inner, f"{path}{name_of(tag)}[{index}].")


def _without_identity(element: Element, broken: Broken) -> Broken:
    """The same without the value, where that may say who somebody is: findings are logged."""
    rule, _, clause = broken
    is_value = clause == OF_VALUES and element.vr in {*TEXTS, *LONGEST}
    if is_value and says_who(element.tag):
        return rule, f"it is no value of VR {element.vr}", clause
    return broken


def _arrangement(item: Item) -> Iterator[tuple[str, str, str, int]]:
    for tag in item.repeated:
        message = "this attribute stands more than once; nothing says which one holds"
        yield "duplicate-tag", message, "PS3.5 7.1", tag
    for tag in item.misplaced[:1]:
        yield "element-order", "it stands after one with a higher tag", "PS3.5 7.1", tag


def _broken(element: Element) -> Broken | None:
    without_value = element.is_empty or element.vr == "SQ"
    return _form(element) or (None if without_value else _value(element))


def _form(element: Element) -> Broken | None:
    vr, wanted = element.vr, dictionary_vrs(element.tag)
    if wanted and vr not in wanted:
        message = f"its VR is {vr}, where {' or '.join(wanted)} is due"
        return NO_VALUE, message, "PS3.6 6"
    if vr == UNKNOWN_VR:
        return NO_VALUE, "its VR is none", OF_VALUES
    if element.size % 2:
        return "odd-length", f"its value has {element.size} bytes, an odd number", "PS3.5 7.1.1"
    return None


def _value(element: Element) -> Broken | None:
    vr = element.vr
    if vr in LONGEST:
        return _number(element, vr)
    if vr in TEXTS:
        return _text(element, vr)
    return _binary(element, vr) if vr in _SIZES or vr in _WORDS else None


def _number(element: Element, vr: str) -> Broken | None:
    parts = element.raw.split(b"\\")
    parts[-1] = parts[-1].removesuffix(b"\0").removesuffix(b" ")  # what made its length even
    longest = max(parts, key=len)
    if len(longest) > LONGEST[vr]:
        shown = longest[:SHOWN].decode("ascii", "replace")
        return _no_value(f"{shown!r} is longer than the {LONGEST[vr]} characters of a {vr}")
    try:
        if vr == "IS":
            integers(element.raw)
        elif _DECIMALS.fullmatch(element.raw) is None:
            decimals(element.raw)
    except NotANumber as problem:
        return _no_value(str(problem))
    return _multiplicity(element.tag, len(parts))


def _text(element: Element, vr: str) -> Broken | None:
    several = element.values
    for one in several:
        if not is_text_of(vr, one):
            return _no_value(f"{one[:SHOWN]!r} is no value of VR {vr}")
    return None if vr in SINGLE_TEXT else _multiplicity(element.tag, len(several))


def _binary(element: Element, vr: str) -> Broken | None:
    count, rest = divmod(element.size, _SIZES.get(vr) or _WORDS[vr])
    if rest:
        return _no_value(f"{element.size} bytes are no whole number of values of VR {vr}")
    if vr in ("FL", "FD") and not all(map(math.isfinite, element.values)):
        return _no_value("it is not finite")
    return _multiplicity(element.tag, count) if vr in _SIZES else None


def _multiplicity(tag: int, count: int) -> Broken | None:
    allowed = _allowed(tag)
    if not allowed or fits(allowed, count):
        return None
    return "value-multiplicity", f"{count} values, where there may be {allowed}", "PS3.6 6"


@lru_cache(maxsize=8192)
def _allowed(tag: int) -> str:
    return dictionary_VM(tag) if dictionary_has_tag(tag) else ""


@lru_cache(maxsize=2048)
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


def _no_value(message: str) -> Broken:
    return NO_VALUE, message, OF_VALUES
