"""The page about faults tells every fault as the program reads it."""

from pathlib import Path

import pytest

from simulators.faults import FAULTS, parse_fault

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_stands_on_the_page(name: str) -> None:
    kind = FAULTS[name]
    keys = ", ".join(f"`{key}`" for key in kind.keys)
    assert f"| `{kind.example}` | {kind.summary} | {keys} |" in PAGE.read_text(encoding="utf-8")
    assert parse_fault(kind.example).name == name
