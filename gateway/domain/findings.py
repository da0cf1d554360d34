"""Findings: what reading, checking and delivering have to say about an object."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters: an error refuses, a warning and an info do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement about one place.

    ``rule`` is a stable kebab-case identifier; ``path`` names the attribute with DICOM keywords
    and item indices counted from 0, e.g. ``BeamSequence[0].ControlPointSequence[5].GantryAngle``
    (empty when the whole object is meant). ``clause`` is the clause of the standard it rests on,
    e.g. ``PS3.3 C.8.8.14``, where there is one.
    """

    severity: Severity
    rule: str
    path: str
    message: str
    clause: str = ""

    def __str__(self) -> str:
        where = f" at {self.path}" if self.path else ""
        return f"{self.severity}: {self.rule}{where}: {self.message}"


def error(rule: str, path: str, message: str) -> Finding:
    """A finding that refuses."""
    return Finding(Severity.ERROR, rule, path, message)


def warning(rule: str, path: str, message: str) -> Finding:
    """A finding that a person should look at."""
    return Finding(Severity.WARNING, rule, path, message)


def info(rule: str, path: str, message: str) -> Finding:
    """A finding for the record."""
    return Finding(Severity.INFO, rule, path, message)


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any finding refuses."""
    return any(finding.severity is Severity.ERROR for finding in findings)
