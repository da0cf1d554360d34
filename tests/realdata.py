"""The real plans, images and logs, kept outside the project."""

import os
from pathlib import Path

import pytest

ROOT = Path(
    os.environ.get(
        "LINAC_GATEWAY_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"
    )
)


def real_data(name: str) -> Path:
    """The path of a real data file or folder; skips the test by name where it is absent."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"real data {name} is not here (LINAC_GATEWAY_TEST_DATA)")
    return path
