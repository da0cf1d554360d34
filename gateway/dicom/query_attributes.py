"""What queries may ask of an object: its attributes in front of the bulk, in the JSON model."""

import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from functools import lru_cache
from io import BytesIO
from typing import Any, BinaryIO

from pydicom import DataElement, Dataset
from pydicom.charset import convert_encodings, default_encoding
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag

from gateway.dicom.bounded_front import Syntax, syntax_of, top_level
from gateway.dicom.character_sets import without_escapes
from gateway.dicom.encoded import Malformed
from gateway.dicom.front_elements import explicit_elements, implicit_elements

LONGEST_VALUE_BYTES = 1024
"""Longer values are no keys of a query."""
LONGEST_SEQUENCE_BYTES = 4 * LONGEST_VALUE_BYTES
MOST_ELEMENTS, LONGEST_KEPT_BYTES = 2048, 64 * 2**10
"""Of one object; more are made to annoy."""
FRONT_BYTES = 16 * 2**10
_KNOWN = 4096
"""So many elements are remembered: the objects of a series have most of theirs in common."""
_BULK_VALUES = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_STRUCTURES, _DOSE_HISTOGRAMS, _PLANS = 0x30060010, 0x30040050, 0x300A0010
_LABELS = range(0x300A0000, _PLANS)
_CHARACTER_SET = 0x00080005

_UID = re.compile(rb"([0-9.]{1,64})\0?")
_NUMBER = re.compile(rb"([0-9]{1,9}) ?")

Charset = str | tuple[str, ...]
Raw = tuple[int, str, bytes]
"""Tag, value representation where the encoding says it, and value."""


def query_attributes(data_set: BinaryIO, *, implicit: bool, little: bool) -> Mapping[str, Any]:
    """Public attributes at the top level by tag (PS3.18 F), read from where the file stands.

    Raises what pydicom does for what cannot be decoded.
    """
    start = data_set.tell()
    plain = _plain(data_set.read(FRONT_BYTES), implicit) if little else None
    if plain is not None:
        return plain
    data_set.seek(start)
    front, syntax = _short(data_set.read(), Syntax(implicit, little))
    return _by_pydicom(read_dataset(BytesIO(front), syntax.implicit, syntax.little))


def _short(data: bytes, assumed: Syntax) -> tuple[bytes, Syntax]:
    """The elements that are asked for, one behind the other. Raises Malformed."""
    syntax = syntax_of(data, assumed)
    kept: list[bytes] = []
    size = 0
    for tag, _vr, start, end in top_level(data, syntax):
        if _is_bulk(tag):
            break
        if _is_asked_for(tag) and end - start <= LONGEST_SEQUENCE_BYTES:
            kept.append(data[start:end])
            size += end - start
        if len(kept) > MOST_ELEMENTS or size > LONGEST_KEPT_BYTES:
            raise Malformed("more attributes before its bulk than any object has")
    return b"".join(kept), syntax


def _is_bulk(tag: int) -> bool:
    return tag not in _LABELS and (tag >= _STRUCTURES or tag >= _DOSE_HISTOGRAMS)


def _plain(front: bytes, implicit: bool) -> Mapping[str, Any] | None:
    """None where pydicom has to read it: undefined lengths, what depends on what."""
    raw = _raw_elements(front, implicit)
    if raw is None:
        return None
    stated = next((value for tag, _, value in raw if tag == _CHARACTER_SET), None)
    charset = default_encoding if stated is None else _charset(stated, implicit)
    found: dict[str, Any] = {}
    for one in raw:
        found.update(_identified(one) or _raw_described(one, charset))
    return found


def _identified(raw: Raw) -> Mapping[str, Any] | None:
    """A UID or a number, of which every object has its own; None for anything else."""
    tag, vr, value = raw
    if vr == "UI" and (uid := _UID.fullmatch(value)):
        return {f"{tag:08X}": {"vr": vr, "Value": [uid[1].decode()]}}
    if vr == "IS" and (number := _NUMBER.fullmatch(value)):
        return {f"{tag:08X}": {"vr": vr, "Value": [int(number[1])]}}
    return None


def _raw_elements(front: bytes, implicit: bool) -> list[Raw] | None:
    """What is asked for, up to the bulk; None where the front ends before or is not plain."""
    found: list[Raw] = []
    try:
        for tag, vr, begin, end in (implicit_elements if implicit else explicit_elements)(front):
            use = _use(tag, vr)
            if use is _Use.BULK:
                return found
            if end > len(front):
                return None
            if use is not _Use.NONE and end - begin <= LONGEST_VALUE_BYTES:
                if use is _Use.DEPENDENT:
                    return None
                found.append((tag, vr, front[begin:end]))
    except ValueError:
        return None
    return found if len(front) < FRONT_BYTES else None


def _by_pydicom(dataset: Dataset) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for element in _elements(dataset):
        found |= _described(element)
    return found


def _elements(dataset: Dataset) -> Iterator[DataElement]:
    for tag in tuple(dataset.keys()):
        raw: DataElement | RawDataElement = dataset.get_item(tag)
        is_long = isinstance(raw, RawDataElement) and len(raw.value or b"") > LONGEST_VALUE_BYTES
        if _is_asked_for(int(tag)) and not is_long:
            yield dataset[tag]


def _is_asked_for(tag: int) -> bool:
    """Neither private nor a group length."""
    return not tag >> 16 & 1 and bool(tag & 0xFFFF)


class _Use(Enum):
    """What an element is for: see :func:`_is_bulk` and the two below it."""

    BULK = auto()
    NONE = auto()
    ASKED = auto()
    DEPENDENT = auto()


@lru_cache(maxsize=_KNOWN)
def _use(tag: int, vr: str) -> _Use:
    if _is_bulk(tag):
        return _Use.BULK
    if not _is_asked_for(tag):
        return _Use.NONE
    return _Use.DEPENDENT if _depends_on_others(tag, vr) else _Use.ASKED


def _depends_on_others(tag: int, vr: str) -> bool:
    """Whether its value representation does, where that is implicit (PS3.5 A.1) or unknown."""
    return vr in ("", "UN") and dictionary_has_tag(tag) and " or " in dictionary_VR(tag)


@lru_cache(maxsize=_KNOWN)
def _charset(value: bytes, implicit: bool) -> Charset:
    element = convert_raw_data_element(_raw((_CHARACTER_SET, "" if implicit else "CS", value)))
    return tuple(convert_encodings(element.value))


@lru_cache(maxsize=_KNOWN)
def _raw_described(raw: Raw, charset: Charset) -> Mapping[str, Any]:
    element = _raw(raw)
    alone = Dataset({element.tag: element})
    alone.set_original_encoding(None, None, charset if isinstance(charset, str) else [*charset])
    return _described(alone[element.tag])


def _raw(raw: Raw) -> RawDataElement:
    tag, vr, value = raw
    return RawDataElement(
        BaseTag(tag), vr or None, len(value), value, 0, not vr, is_little_endian=True
    )


def _described(element: DataElement) -> Mapping[str, Any]:
    """The element by its tag; empty where it is no key of a query."""
    if element.VR in _BULK_VALUES or len(str(element.value)) > LONGEST_VALUE_BYTES:
        return {}
    alone = Dataset({element.tag: element})
    return dict(without_escapes(alone.to_json_dict(suppress_invalid_tags=True)))
