"""Every kind of generated plan is delivered to a pass; every machine delivers one."""

import itertools
import time
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from tests.e2e.deliveries import delivered, generated

DELIVERED = [
    ("open-field", "truebeam-m120"),
    ("picket-fence", "truebeam-hd120"),
    ("step-and-shoot", "agility"),
    ("sliding-window", "halcyon"),
    ("winston-lutz", "truebeam-m120"),
    ("electron", "truebeam-m120"),
    ("vmat", "halcyon"),
    ("vmat", "agility"),
    ("step-and-shoot", "generic-60"),
]


@pytest.mark.parametrize(("kind", "machine"), DELIVERED)
def test_generated_plans_are_delivered(tmp_path: Path, kind: str, machine: str) -> None:
    finished = delivered(tmp_path, generated(tmp_path, kind, machine))
    assert finished.summary["causes"] == []
    assert finished.summary["verdict"] == "pass"
    images = [beam["images"] for beam in finished.summary["beams"]]
    assert set(images) == ({0} if kind == "electron" else {1})


def test_the_same_seed_leaves_the_same_bytes(tmp_path: Path) -> None:
    plan = generated(tmp_path, "step-and-shoot")
    first, second = tmp_path / "one", tmp_path / "two"
    for folder in (first, second):
        delivered(folder, plan, out=folder / "out")
    names = sorted(path.relative_to(first / "out") for path in (first / "out").rglob("*.dcm"))
    assert len(names) > 1
    for name in names:
        assert (first / "out" / name).read_bytes() == (second / "out" / name).read_bytes(), name


def test_how_fast_the_computer_is_changes_no_byte(tmp_path: Path) -> None:
    """Samples are committed every 100 ms of wall time: seldom here, and with every sample there."""
    plan = generated(tmp_path, "open-field")
    walls = {"idle": lambda: 0.0, "busy": itertools.count(step=1.0).__next__}
    for name, monotonic in walls.items():
        wall = SimpleNamespace(monotonic=monotonic, time_ns=time.time_ns)
        with patch("gateway.app.carry_out.time", wall):
            delivered(tmp_path / name, plan, out=tmp_path / name / "out")
    assert _files(tmp_path / "idle" / "out") == _files(tmp_path / "busy" / "out")


def _files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
