"""Building blocks of data sets: items, codes, moments, and what is valued."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydicom import DataElement, Dataset

CHARACTER_SET = "ISO_IR 192"
_UID = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+")


@dataclass(frozen=True, slots=True)
class Code:
    """A coded entry (PS3.3 section 8)."""

    value: str
    scheme: str
    meaning: str

    def item(self) -> Dataset:
        """The Code Sequence Macro."""
        return item(
            CodeValue=self.value,
            CodingSchemeDesignator=self.scheme,
            CodeMeaning=self.meaning,
        )


def item(**attributes: Any) -> Dataset:
    """A data set of these attributes, by keyword."""
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def moment(when: datetime) -> str:
    """A DT value in UTC, to the millisecond."""
    utc = when.astimezone(UTC)
    return f"{utc:%Y%m%d%H%M%S}.{utc.microsecond // 1000:03d}+0000"


def is_valued(element: DataElement) -> bool:
    """Whether an element has a value: an item, or text that is not blank."""
    if element.VR == "SQ":
        return bool(element.value)
    return not element.is_empty and bool(str(element.value).strip())


def has(dataset: Dataset, keyword: str) -> bool:
    """Whether an attribute is there and has a value."""
    return keyword in dataset and is_valued(dataset[keyword])


def text(dataset: Dataset, keyword: str) -> str:
    """The value of an attribute as text, "" where it is absent or empty."""
    return str(dataset[keyword].value).strip() if has(dataset, keyword) else ""


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence, none where it is absent."""
    return list(dataset[keyword].value) if has(dataset, keyword) else []


def is_uid(text: str) -> bool:
    """Whether a text is a UID (PS3.5 9.1)."""
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def decoded(dataset: Dataset) -> Dataset:
    """The same data set with its text in UTF-8, whatever it came in. Changes ``dataset``."""
    dataset.decode()
    dataset.SpecificCharacterSet = CHARACTER_SET
    return dataset
