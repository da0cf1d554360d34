"""The real plans, images and logs, kept outside the project."""

import os
from pathlib import Path

from tests.peers import absent

ROOT = Path(
    os.environ.get(
        "LINAC_GATEWAY_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"
    )
)


def real_data(name: str) -> Path:
    """The path of a real data file or folder; where it is absent, as `absent` says."""
    path = ROOT / name
    if not path.exists():
        absent(f"real data {name} is not here (LINAC_GATEWAY_TEST_DATA)")
    return path
