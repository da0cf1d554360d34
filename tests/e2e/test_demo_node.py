"""One command: worklist, node, room and archive, from a scheduled step to a completed one."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import orthanc
from tests.peers import absent

DEMO = Path(__file__).resolve().parents[2] / "tools" / "demo-node"


@pytest.mark.peer
def test_a_scheduled_plan_is_delivered_committed_and_completed(tmp_path: Path) -> None:
    if orthanc.program() is None:
        absent("Orthanc is not installed (package orthanc)")
    ran = subprocess.run(
        [sys.executable, str(DEMO), str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = ran.stdout.splitlines()
    assert "completed" in lines
    assert "3 done" in lines
    assert "the archive holds 3 objects" in lines
    (delivery,) = (line for line in lines if line.endswith("pass"))
    assert "complete" in delivery
    assert "Traceback" not in ran.stderr
