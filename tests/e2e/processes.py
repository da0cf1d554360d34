"""Devices and gateway in processes of their own."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.command import LIMIT_S, argv, environment

BUSY_BOUNDS = {
    "dead_man_s": 5.0,
    "hold_after_s": 5.0,
    "terminate_after_s": 10.0,
    "reply_timeout_s": 20.0,
    "connect_timeout_s": 20.0,
}
"""Twenty times and more what a room allows: processes that share two processors with a dozen
others wait for their turn, and how long is no test's business."""


@dataclass(frozen=True)
class Devices:
    """Simulated devices that listen; ``links`` is a settings file for a gateway."""

    links: Path
    process: "subprocess.Popen[str]"


def busy_site(folder: Path, room: str, **bounds: float) -> Path:
    """A site folder whose ``room`` is like ours with bounds for a busy machine."""
    site = folder / "site"
    add_busy_room(site, room, **bounds)
    return site


def busy(folder: Path, room: str = "truebeam-m120") -> tuple[str, str]:
    """Options for a command whose room, in its own process, has bounds for a busy machine."""
    settings = folder / "busy.toml"
    settings.write_text(f'site = "{busy_site(folder, room)}"\n')
    return "--config", str(settings)


def add_busy_room(site: Path, room: str, **bounds: float) -> None:
    """Give a site a room like ours, with bounds for a busy machine."""
    ours = Path(__file__).resolve().parents[2] / "config" / "rooms" / f"{room}.toml"
    wanted = BUSY_BOUNDS | bounds
    lines = []
    for line in ours.read_text().splitlines():
        key = line.partition("=")[0].strip()
        lines.append(f"{key} = {wanted[key]}" if key in wanted else line)
    (site / "rooms").mkdir(parents=True, exist_ok=True)
    (site / "rooms" / f"{room}.toml").write_text("\n".join(lines) + "\n")


@contextmanager
def devices(folder: Path, room: str, site: Path, *arguments: str) -> Iterator[Devices]:
    """Run ``simulate`` until the block ends; it must then end well by itself."""
    settings = folder / "simulate.toml"
    settings.write_text(f'site = "{site}"\n')
    links = folder / "links.toml"
    command = argv(folder / "simulator", "--config", str(settings), "--json", "simulate", room)
    process = subprocess.Popen(
        [*command, "--links", str(links), "--state", str(folder / "machine"), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        assert json.loads(line)["ready"] is True
        links.write_text(f'site = "{site}"\n' + links.read_text())
        yield Devices(links, process)
    finally:
        process.terminate()
        _, stderr = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, stderr
    assert "Traceback" not in stderr, stderr
