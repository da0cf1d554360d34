"""A data set as pydicom reads it, and as the strict reader does, in one form to compare."""

import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pydicom import DataElement, Dataset, dcmread

from gateway.dicom.encoded import read_object
from gateway.dicom.encoded_items import Element, Item

Row = tuple[str, str, list[str]]
"""Where it stands, its VR, its values as texts; an item is a row without VR."""
OPAQUE = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_SEQUENCE_END_BYTES = 8
AMBIGUOUS = {"OB or OW": "OW"}
"""Left so by pydicom in Implicit VR, where it is OW (PS3.5 A.1)."""


def rows_of_pydicom(content: bytes) -> list[Row]:
    """Everything that pydicom finds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(_pydicom_rows(dcmread(BytesIO(content), force=True), ""))


def rows_of_ours(content: bytes) -> list[Row]:
    """Everything that the strict reader finds. Raises Malformed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(_our_rows(read_object(content).dataset, ""))


def _pydicom_rows(dataset: Dataset, path: str) -> Iterator[Row]:
    for tag in list(dataset.keys()):
        where = f"{path}/{int(tag):08X}"
        raw: Any = dataset.get_item(tag)
        if tag.is_private and not tag.is_private_creator and raw.VR in (None, "UN"):
            yield where, "UN", _opaque(raw.value)  # pydicom knows some by their creators
            continue
        element = dataset[tag]
        if element.VR == "SQ":
            yield where, "SQ", []
            for index, item in enumerate(element.value):
                yield f"{where}[{index}]", "", []
                yield from _pydicom_rows(item, f"{where}[{index}]")
        else:
            yield where, AMBIGUOUS.get(str(element.VR), str(element.VR)), _pydicom_values(element)


def _pydicom_values(element: DataElement) -> list[str]:
    value = element.value
    if element.VR in OPAQUE or element.VR in AMBIGUOUS:
        return _opaque(value)
    if value is None or value == "":
        return []
    several = value if element.VM > 1 else [value]
    return [_shown(one) for one in several]


def _our_rows(item: Item, path: str) -> Iterator[Row]:
    for element in item:
        where = f"{path}/{element.tag:08X}"
        if element.items is not None:
            yield where, "SQ", []
            for index, inner in enumerate(element.items):
                yield f"{where}[{index}]", "", []
                yield from _our_rows(inner, f"{where}[{index}]")
        else:
            yield where, element.vr, _our_values(element)


def _our_values(element: Element) -> list[str]:
    if element.vr in OPAQUE:
        fragments = element.raw.startswith(b"\xfe\xff\x00\xe0") and element.tag == 0x7FE00010
        return _opaque(element.raw[:-_SEQUENCE_END_BYTES] if fragments else element.raw)
    return [_shown(one) for one in element.values]


def _opaque(value: bytes | None) -> list[str]:
    return [value.hex()] if value else []


def _shown(value: Any) -> str:
    return repr(float(value)) if isinstance(value, float | int) else str(value).strip(" ")
