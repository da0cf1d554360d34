"""Strict access to the attributes of one dataset or sequence item."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from gateway.dicom import encoded_items
from gateway.dicom.numbers import NotANumber, decimals, integers
from gateway.domain.findings import Finding, error, info, warning
from gateway.domain.units import FloatArray

FLOAT_BYTES = 4


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

    dataset: encoded_items.Item
    path: str
    notes: Notes

    def where(self, keyword: str) -> str:
        """The path of an attribute here."""
        return f"{self.path}.{keyword}" if self.path else keyword

    def element(self, keyword: str) -> encoded_items.Element | None:
        """The element, if it has a value."""
        element = self.dataset.element(keyword)
        return None if element is None or element.is_empty else element

    def has(self, keyword: str) -> bool:
        """Whether the attribute is there with a value."""
        return self.element(keyword) is not None

    def text(self, keyword: str) -> str:
        """The text, decoded by the object's character set; empty where there is none."""
        element = self.element(keyword)
        if element is None or element.items is not None:
            return ""
        return "\\".join(str(one) for one in element.values).strip()

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
        element = self.element(keyword)
        if element is None:
            return None
        try:
            values = decimals(element.raw)
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
        element = self.element(keyword)
        if element is None:
            return None
        try:
            values = integers(element.raw)
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
        element = self.element(keyword)
        if element is None:
            return None
        if len(element.raw) != FLOAT_BYTES:
            text = f"{len(element.raw)} bytes, wanted one 32-bit number"
            self.notes.error("multiplicity", self.where(keyword), text)
            return None
        (number,) = struct.unpack(">f" if element.big_endian else "<f", element.raw)
        if not np.isfinite(number):
            text = f"{number} is not a finite number"
            self.notes.error("number", self.where(keyword), text)
            return None
        return float(number)

    def items(self, keyword: str) -> Iterator["Item"]:
        """The items of a sequence; none where it is absent."""
        element = self.dataset.element(keyword)
        if element is None:
            return
        for index, item in enumerate(element.items or ()):
            yield Item(item, f"{self.where(keyword)}[{index}]", self.notes)
