"""Reading what may be wrong: numbers, items and texts of a data set, or None."""

from collections.abc import Sequence

from gateway.dicom.encoded_items import Item
from gateway.dicom.numbers import NotANumber, decimals
from gateway.domain.units import FloatArray


def items(dataset: Item, keyword: str) -> Sequence[Item]:
    """The items of a sequence; none where it is absent or none."""
    element = dataset.element(keyword)
    return () if element is None else element.items or ()


def integer(dataset: Item, keyword: str) -> int | None:
    """A whole number of any VR."""
    element = dataset.element(keyword)
    values = () if element is None or element.items is not None else element.values
    try:
        return int(values[0]) if len(values) == 1 else None
    except (OverflowError, TypeError, ValueError):
        return None


def text(dataset: Item, keyword: str) -> str:
    """A single text, or the first of several."""
    element = dataset.element(keyword)
    values = () if element is None or element.items is not None else element.values
    return str(values[0]) if values else ""


def count(dataset: Item, keyword: str) -> int:
    """How many values a text or a DS or IS has."""
    element = dataset.element(keyword)
    if element is None or element.is_empty:
        return 0
    return element.raw.count(b"\\") + 1


def numbers(dataset: Item, keyword: str) -> FloatArray | None:
    """The numbers of a DS or IS, strictly; None where it is absent, empty or none."""
    element = dataset.element(keyword)
    if element is None or element.vr not in ("DS", "IS") or element.is_empty:
        return None
    try:
        return decimals(element.raw)
    except NotANumber:
        return None


def number(dataset: Item, keyword: str) -> float | None:
    """One number of a DS."""
    found = numbers(dataset, keyword)
    return None if found is None or found.size != 1 else float(found[0])
