"""The ``validate`` command: files and folders against their IODs."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.uid import UID

from gateway.dicom.encoded import begins_as_object
from gateway.dicom.iod.validation import validate
from gateway.dicom.mapped import mapped
from gateway.dicom.part10 import HEAD_BYTES
from gateway.domain.errors import InputError
from gateway.domain.findings import Finding, Severity, error

LONGEST_BYTES = 2 * 2**30


@dataclass(frozen=True, slots=True)
class ValidatedFile:
    """One file with its findings; ``sop_class`` is a name, or empty where there is none."""

    path: str
    sop_class: str
    findings: tuple[Finding, ...]


def validate_files(paths: Sequence[Path]) -> Iterator[ValidatedFile]:
    """Validate files, and those of folders at every depth, in order of their names.

    Links to folders are not followed. Raises InputError for a path that is neither.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: there is no such file or folder")
        if path.is_dir():
            yield from _folder(path)
        elif path.is_file():
            yield _validated(path)
        else:
            raise InputError(f"{path}: it is neither a file nor a folder")


def _folder(top: Path) -> Iterator[ValidatedFile]:
    closed: list[OSError] = []
    held = [
        Path(folder, name)
        for folder, _, names in os.walk(top, onerror=closed.append)
        for name in names
    ]
    for problem in closed:
        yield _unreadable(Path(problem.filename), problem)
    for path in sorted(held):
        if path.is_file():
            yield _other(path) or _validated(path)


def finding_row(finding: Finding) -> dict[str, Any]:
    """A finding in JSON."""
    return {
        "severity": finding.severity.value,
        "rule": finding.rule,
        "path": finding.path,
        "message": finding.message,
        "clause": finding.clause,
    }


def _other(path: Path) -> ValidatedFile | None:
    """What lies beside objects in a folder and is none itself, such as a report."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return None
    if not head.strip(b"\0") or begins_as_object(head):
        return None
    other = Finding(Severity.INFO, "no-object", "", "no DICOM file; it is passed over", "PS3.10 7")
    return ValidatedFile(_shown(path), "", (other,))


def _validated(path: Path) -> ValidatedFile:
    try:
        if path.stat().st_size > LONGEST_BYTES:
            message = f"more than {LONGEST_BYTES >> 30} GiB are not read"
            return ValidatedFile(_shown(path), "", (error("too-large", "", message),))
        with mapped(path) as content:
            found = validate(content)
    except OSError as problem:
        return _unreadable(path, problem)
    name = UID(found.sop_class_uid).name if found.sop_class_uid else ""
    return ValidatedFile(_shown(path), name, found.findings)


def _unreadable(path: Path, problem: OSError) -> ValidatedFile:
    reason = problem.strerror or str(problem)
    return ValidatedFile(_shown(path), "", (error("unreadable", "", reason),))


def _shown(path: Path) -> str:
    """The path as text, whatever bytes it is of."""
    return os.fsencode(path).decode(errors="backslashreplace")
