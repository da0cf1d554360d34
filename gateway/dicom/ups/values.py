"""Numbers of two VRs that only delivery instructions and records mix."""

import math

from gateway.dicom.encoded_items import Element
from gateway.dicom.item import Item


def double(item: Item, keyword: str) -> float | None:
    """One FD, or None where it is absent or empty; what is none is noted as an error."""
    element = item.element(keyword)
    if element is None:
        return None
    value = _one(element, "FD", 8)
    if value is None or not math.isfinite(value):
        item.notes.error("number", item.where(keyword), "is not one finite number")
        return None
    return float(value)


def unsigned(item: Item, keyword: str) -> int | None:
    """One UL, or None where it is absent or empty; what is none is noted as an error."""
    element = item.element(keyword)
    if element is None:
        return None
    value = _one(element, "UL", 4)
    if value is None:
        item.notes.error("number", item.where(keyword), "is not one number")
        return None
    return int(value)


def _one(element: Element, vr: str, size_bytes: int) -> float | None:
    """The only value of an element of that VR."""
    is_one = element.vr == vr and len(element.raw) == size_bytes
    return element.values[0] if is_one else None
