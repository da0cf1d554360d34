"""Every item of an object, with where it is."""

from collections.abc import Iterator
from typing import TypeAlias

from gateway.dicom.encoded_items import Item, name_of

Level: TypeAlias = tuple[Item, str]
"""An item, and what stands before the names of its attributes in a path."""


def levels(item: Item, path: str = "") -> Iterator[Level]:
    """The data set as a whole, then the items of its sequences, depth first."""
    yield item, path
    for tag, element in item.elements.items():
        if element.items:
            for index, inner in enumerate(element.items):
                yield from levels(inner, f"{path}{name_of(tag)}[{index}].")
