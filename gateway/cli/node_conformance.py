"""The ``conformance`` command."""

from pathlib import Path

from gateway.cli.show_records import print_result
from gateway.domain.errors import InputError


def show_statement(out: Path | None, *, as_json: bool) -> None:
    """Print the statement, or write it; as JSON it is one text.

    Raises InputError where that cannot be.
    """
    from gateway.app.conformance import statement

    text = statement()
    if out is None:
        print_result({"statement": text}, text.rstrip("\n"), as_json=as_json)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error
    print_result({"file": str(out)}, f"{out}: DICOM Conformance Statement", as_json=as_json)
