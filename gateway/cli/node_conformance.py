"""The ``conformance`` command."""

import sys
from pathlib import Path

from gateway.domain.errors import InputError


def show_statement(out: Path | None) -> None:
    """Print the statement, or write it. Raises InputError where that cannot be."""
    from gateway.app.conformance import statement

    text = statement()
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error
    sys.stdout.write(f"{out}: DICOM Conformance Statement\n")
