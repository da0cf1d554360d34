"""The unit for systemd: what it must say, and systemd's own opinion of it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests import peers

UNIT = Path(__file__).parents[2] / "config" / "service" / "linac-gateway.service"
LARGEST_EXPOSURE = 25
"""Tenths, of systemd's own scale: 25 is "OK", 100 is a service without any protection."""


def directives() -> dict[str, list[str]]:
    """Every directive with its values."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_it_tells_when_it_is_ready_and_that_it_lives() -> None:
    unit = directives()
    assert unit["Type"] == ["notify"]
    assert int(unit["WatchdogSec"][0]) > 0
    (command,) = unit["ExecStart"]
    assert command.split()[0].endswith("/linac-gateway")
    assert "serve" in command.split()


def test_a_beam_has_time_to_end() -> None:
    """SIGTERM goes to the service alone, which ends its own processes."""
    unit = directives()
    assert unit["KillMode"] == ["mixed"]
    assert int(unit["TimeoutStopSec"][0]) >= 60


def test_it_may_do_little() -> None:
    unit = directives()
    for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictNamespaces"):
        assert unit[name] == ["yes"]
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert unit["User"] == ["linac-gateway"]


@pytest.mark.peer
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    """With another program in its place, since this one is not installed there."""
    analyze = peers.program("systemd-analyze", "systemd")
    path = tmp_path / UNIT.name
    text = UNIT.read_text()
    (command,) = directives()["ExecStart"]
    path.write_text(text.replace(command, str(shutil.which("true"))))
    verified = run(analyze, "verify", str(path))
    assert (verified.returncode, verified.stderr) == (0, "")
    wrong = path.with_name("wrong.service")
    wrong.write_text(path.read_text().replace("ProtectHome=yes", "ProtectHome=perhaps"))
    assert "protect home" in run(analyze, "verify", str(wrong)).stderr
    judged = run(
        analyze, "security", "--offline=true", f"--threshold={LARGEST_EXPOSURE}", str(path)
    )
    assert judged.returncode == 0, judged.stdout


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
