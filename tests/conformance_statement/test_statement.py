"""The committed statement is what the program would write today."""

from pathlib import Path

from pydicom.uid import UID

from gateway.app.conformance.attributes import written_attributes
from gateway.dicom.sop_classes import STORAGE
from gateway.domain.node import Limits
from tests.e2e.command import inside

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "conformance-statement.md"


def test_the_committed_statement_is_up_to_date(text: str) -> None:
    assert COMMITTED.read_text(encoding="utf-8") == text, (
        "write it anew: linac-gateway conformance -o docs/conformance-statement.md"
    )


def test_it_names_every_storage_class_and_limit(text: str) -> None:
    for row in STORAGE:
        assert f"| {UID(row.uid).name} | {row.uid} | SCP, SCU |" in text
    assert f"{Limits().message_bytes:,}" in text


def test_written_attributes_have_their_types() -> None:
    written = written_attributes()
    assert "| RT Image Label | (3002,0002) | SH | 1 |" in written
    assert "| >>>Delivered Meterset | (3008,0044) | DS | 1 |" not in written
    assert "| >>Delivered Meterset | (3008,0044) | DS | 1 |" in written
    assert "| >>Gantry Angle | (300A,011E) | DS | 1C |" in written


def test_as_json_it_is_one_text(tmp_path: Path, text: str) -> None:
    assert inside(tmp_path, "--json", "conformance").json == {"statement": text}
    out = str(tmp_path / "statement.md")
    assert inside(tmp_path, "--json", "conformance", "-o", out).json == {"file": out}
    assert inside(tmp_path, "conformance").stdout == text
