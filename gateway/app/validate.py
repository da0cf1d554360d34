"""The ``validate`` command: files and folders against their IODs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.uid import UID

from gateway.dicom.iod.validation import validate
from gateway.domain.errors import InputError
from gateway.domain.findings import Finding, error

LONGEST_BYTES = 2 * 2**30


@dataclass(frozen=True, slots=True)
class ValidatedFile:
    """One file with its findings; ``sop_class`` is a name, or empty where there is none."""

    path: str
    sop_class: str
    findings: tuple[Finding, ...]


def validate_files(paths: Sequence[Path]) -> Iterator[ValidatedFile]:
    """Validate files, and those of folders at every depth, in order of their names.

    Raises InputError for a path that does not exist.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: there is no such file or folder")
        files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
        yield from map(_validated, files)


def finding_row(finding: Finding) -> dict[str, Any]:
    """A finding in JSON."""
    return {
        "severity": finding.severity.value,
        "rule": finding.rule,
        "path": finding.path,
        "message": finding.message,
        "clause": finding.clause,
    }


def _validated(path: Path) -> ValidatedFile:
    try:
        if path.stat().st_size > LONGEST_BYTES:
            message = f"more than {LONGEST_BYTES >> 30} GiB are not read"
            return ValidatedFile(str(path), "", (error("too-large", "", message),))
        found = validate(path.read_bytes())
    except OSError as problem:
        reason = problem.strerror or str(problem)
        return ValidatedFile(str(path), "", (error("unreadable", "", reason),))
    name = UID(found.sop_class_uid).name if found.sop_class_uid else ""
    return ValidatedFile(str(path), name, found.findings)
