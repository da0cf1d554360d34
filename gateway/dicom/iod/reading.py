"""Reading what may be wrong: numbers, items and texts of a data set, or None."""

from collections.abc import Iterator, Sequence

from pydicom import Dataset
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.tag import BaseTag

from gateway.dicom.numbers import NotANumber, decimals, is_empty
from gateway.domain.units import FloatArray


def items(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    """The items of a sequence; none where it is absent or none."""
    element = dataset.get(keyword)
    return element if isinstance(element, Sequence) and not isinstance(element, str) else ()


def integer(dataset: Dataset, keyword: str) -> int | None:
    """A whole number of any VR."""
    value = dataset.get(keyword)
    try:
        return None if value is None or value == "" else int(value)
    except (TypeError, ValueError):
        return None


def text(dataset: Dataset, keyword: str) -> str:
    """A single text."""
    value = dataset.get(keyword)
    return "" if value is None else str(value)


def numbers(dataset: Dataset, keyword: str) -> FloatArray | None:
    """The numbers of a DS or IS, strictly; None where it is absent, empty or none."""
    if keyword not in dataset:
        return None
    raw = raw_value(dataset.get_item(keyword))
    try:
        return None if is_empty(raw) else decimals(raw)
    except NotANumber:
        return None


def number(dataset: Dataset, keyword: str) -> float | None:
    """One number of a DS."""
    found = numbers(dataset, keyword)
    return None if found is None or found.size != 1 else float(found[0])


def raw_value(element: DataElement | RawDataElement) -> bytes:
    """The bytes of a DS or IS as they were read, or as they would be written."""
    value = element.value
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    several = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    return "\\".join(getattr(one, "original_string", str(one)) for one in several).encode()


def vr_of(element: DataElement | RawDataElement) -> str:
    """The VR that was read, or that the dictionary has (implicit VR, and UN)."""
    if element.VR and element.VR != "UN":
        return str(element.VR)
    return dictionary_VR(element.tag) if dictionary_has_tag(element.tag) else "UN"


def name_of(tag: BaseTag) -> str:
    """The keyword of a tag, or the tag."""
    return keyword_for_tag(tag) or f"({tag.group:04X},{tag.element:04X})"


def walk(
    dataset: Dataset, path: str = ""
) -> Iterator[tuple[str, Dataset, DataElement | RawDataElement]]:
    """Every public element at every depth, undecoded: (path, its data set, element)."""
    for tag in sorted(dataset.keys()):
        if tag.is_private:
            continue
        element = dataset.get_item(tag)
        where = f"{path}{name_of(tag)}"
        yield where, dataset, element
        if vr_of(element) == "SQ":
            for index, item in enumerate(dataset[tag].value or ()):
                yield from walk(item, f"{where}[{index}].")
