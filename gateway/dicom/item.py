"""Strict access to the attributes of one dataset or sequence item."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from pydicom import DataElement, Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue

from gateway.dicom.numbers import NotANumber, decimals, integers, is_empty
from gateway.domain.findings import Finding, error, info, warning
from gateway.domain.units import FloatArray


@dataclass(slots=True)
class Notes:
    """Findings as they are made."""

    findings: list[Finding] = field(default_factory=list)

    def error(self, rule: str, path: str, message: str) -> None:
        """Something that refuses."""
        self.findings.append(error(rule, path, message))

    def warning(self, rule: str, path: str, message: str) -> None:
        """Something a person should look at."""
        self.findings.append(warning(rule, path, message))

    def info(self, rule: str, path: str, message: str) -> None:
        """Something for the record."""
        self.findings.append(info(rule, path, message))


@dataclass(frozen=True, slots=True)
class Item:
    """A dataset at ``path``; what is wrong with a value is noted, and the value is then None."""

    dataset: Dataset
    path: str
    notes: Notes

    def where(self, keyword: str) -> str:
        """The path of an attribute here."""
        return f"{self.path}.{keyword}" if self.path else keyword

    def has(self, keyword: str) -> bool:
        """Whether the attribute is there with a value."""
        raw = self._raw(keyword)
        return raw is not None and not is_empty(raw)

    def text(self, keyword: str) -> str:
        """The text, decoded by the object's character set; empty where there is none."""
        value = self.dataset.get(keyword)
        if value is None:
            return ""
        if isinstance(value, MultiValue):
            return "\\".join(str(part) for part in value)
        return str(value).strip()

    def number(self, keyword: str) -> float | None:
        """One decimal number, or None where it is absent or empty."""
        values = self.numbers(keyword, 1)
        return None if values is None else float(values[0])

    def required_number(self, keyword: str) -> float | None:
        """One decimal number; its absence is an error."""
        if not self.has(keyword):
            self.notes.error("missing", self.where(keyword), "a value is required here")
            return None
        return self.number(keyword)

    def numbers(self, keyword: str, count: int | None = None) -> FloatArray | None:
        """Decimal numbers, ``count`` of them where given."""
        raw = self._raw(keyword)
        if raw is None or is_empty(raw):
            return None
        try:
            values = decimals(raw)
        except NotANumber as problem:
            self.notes.error("number", self.where(keyword), str(problem))
            return None
        if count is not None and values.size != count:
            text = f"{values.size} values, wanted {count}"
            self.notes.error("multiplicity", self.where(keyword), text)
            return None
        return values

    def integer(self, keyword: str) -> int | None:
        """One integer string, or None where it is absent or empty."""
        raw = self._raw(keyword)
        if raw is None or is_empty(raw):
            return None
        try:
            values = integers(raw)
        except NotANumber as problem:
            self.notes.error("number", self.where(keyword), str(problem))
            return None
        if len(values) != 1:
            text = f"{len(values)} values, wanted 1"
            self.notes.error("multiplicity", self.where(keyword), text)
            return None
        return values[0]

    def required_integer(self, keyword: str) -> int | None:
        """One integer string; its absence is an error."""
        if not self.has(keyword):
            self.notes.error("missing", self.where(keyword), "a value is required here")
            return None
        return self.integer(keyword)

    def float32(self, keyword: str) -> float | None:
        """One FL, or None where it is absent or empty."""
        element = self._element(keyword)
        if element is None or not element.value:
            return None
        if not isinstance(element, RawDataElement):
            return self._finite(keyword, float(element.value))
        value = element.value
        if len(value) != 4:
            text = f"{len(value)} bytes, wanted one 32-bit number"
            self.notes.error("multiplicity", self.where(keyword), text)
            return None
        (number,) = struct.unpack("<f" if element.is_little_endian else ">f", value)
        return self._finite(keyword, float(number))

    def items(self, keyword: str) -> Iterator["Item"]:
        """The items of a sequence; none where it is absent."""
        sequence = self.dataset.get(keyword)
        if sequence is None:
            return
        for index, dataset in enumerate(sequence):
            yield Item(dataset, f"{self.where(keyword)}[{index}]", self.notes)

    def _finite(self, keyword: str, value: float) -> float | None:
        if np.isfinite(value):
            return value
        self.notes.error("number", self.where(keyword), f"{value} is not a finite number")
        return None

    def _element(self, keyword: str) -> RawDataElement | DataElement | None:
        tag = tag_for_keyword(keyword)
        if tag is None or tag not in self.dataset:
            return None
        return self.dataset.get_item(tag)

    def _raw(self, keyword: str) -> bytes | None:
        element = self._element(keyword)
        if element is None:
            return None
        value = element.value
        if value is None:
            return b""
        if isinstance(value, bytes):
            return value
        if isinstance(value, MultiValue | list):
            return "\\".join(_original(part) for part in value).encode("ascii", "replace")
        return _original(value).encode("ascii", "replace")


def _original(value: object) -> str:
    return str(getattr(value, "original_string", value))
