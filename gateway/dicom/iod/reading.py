"""Reading what may be wrong: numbers, items and texts of a data set, or None."""

from collections.abc import Sequence

import numpy as np

from gateway.dicom.encoded_items import BINARY, Item
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
    """How many values an attribute has that is no single text."""
    element = dataset.element(keyword)
    if element is None or element.is_empty:
        return 0
    return element.VM if element.vr in BINARY else element.raw.count(b"\\") + 1


def numbers(dataset: Item, keyword: str) -> FloatArray | None:
    """Numbers, strictly; None where they are absent or empty, or one is none."""
    element = dataset.element(keyword)
    if element is None or element.is_empty:
        return None
    if element.vr in BINARY:
        return np.asarray(element.values, np.float64)
    if element.vr not in ("DS", "IS"):
        return None
    try:
        return decimals(element.raw)
    except NotANumber:
        return None


def number(dataset: Item, keyword: str) -> float | None:
    """One number."""
    found = numbers(dataset, keyword)
    return None if found is None or found.size != 1 else float(found[0])
