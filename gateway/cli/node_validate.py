"""The ``validate`` command: a line for each file, and what was found in it."""

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gateway.domain.findings import Severity, has_errors

if TYPE_CHECKING:
    from gateway.app.validate import ValidatedFile


def show_validated(files: "Iterable[ValidatedFile]", *, as_json: bool) -> int:
    """Print as it goes; the exit code: 1 where any finding is an error."""
    seen = refused = 0
    for file in files:
        seen += 1
        refused += has_errors(file.findings)
        if as_json:
            _json_line(file)
        else:
            _lines(file)
    if not as_json:
        sys.stdout.write(f"{counted(seen, 'file')}, {refused} with errors\n")
    return 1 if refused else 0


def counted(number: int, noun: str) -> str:
    """A number of things, in words."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _json_line(file: "ValidatedFile") -> None:
    from gateway.app.validate import finding_row

    row = {
        "file": file.path,
        "sop_class": file.sop_class,
        "findings": [finding_row(finding) for finding in file.findings],
    }
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _lines(file: "ValidatedFile") -> None:
    errors = sum(finding.severity is Severity.ERROR for finding in file.findings)
    judgement = counted(errors, "error") if errors else "valid"
    if not file.sop_class and not errors:
        judgement = "passed over"
    sys.stdout.write(f"{file.path}: {file.sop_class or 'no DICOM object'}: {judgement}\n")
    for finding in file.findings:
        clause = f" [{finding.clause}]" if finding.clause else ""
        sys.stdout.write(f"  {finding}{clause}\n")
