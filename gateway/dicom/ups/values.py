"""Numbers of two VRs that only delivery instructions and records mix."""

import math

from gateway.dicom.item import Item


def double(item: Item, keyword: str) -> float | None:
    """One FD, or None where it is absent or empty; what is none is noted as an error."""
    value = item.dataset.get(keyword)
    if value is None:
        return None
    if not isinstance(value, float) or not math.isfinite(value):
        item.notes.error("number", item.where(keyword), "is not one finite number")
        return None
    return value


def unsigned(item: Item, keyword: str) -> int | None:
    """One UL, or None where it is absent or empty; what is none is noted as an error."""
    value = item.dataset.get(keyword)
    if value is None:
        return None
    if not isinstance(value, int):
        item.notes.error("number", item.where(keyword), "is not one number")
        return None
    return value
