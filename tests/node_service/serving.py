"""The service in a process of its own, with DCMTK as its peers."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server

from tests.e2e.command import LIMIT_S, argv, environment
from tests.e2e.processes import add_busy_room

NODE = """
description = "test"
ae_title = "LINAC"
host = "127.0.0.1"
port = 0
unknown_peers = true

[limits]
free_disk_bytes = 1048576

[peers.PLANNER]
host = "127.0.0.1"
port = {back}
policy = "deliver"
room = "{room}"
commitment = false
"""


@dataclass(frozen=True)
class Service:
    """A running service."""

    process: "subprocess.Popen[str]"
    port: int
    store: Path
    settings: Path
    dashboard: str


def free_port() -> int:
    """A port that was free a moment ago."""
    with create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def site_with_node(folder: Path, room: str, back: int) -> Path:
    """A settings file whose site has the node ``test``, which answers PLANNER on port ``back``.

    The site's room is one for a busy machine.
    """
    site = folder / "site"
    (site / "nodes").mkdir(parents=True, exist_ok=True)
    add_busy_room(site, room)
    (site / "nodes" / "test.toml").write_text(NODE.format(back=back, room=room))
    settings = folder / "serve.toml"
    settings.write_text(f'site = "{site}"\n[web]\nport = 0\n')
    return settings


@contextmanager
def service(
    folder: Path, settings: Path, room: str, *arguments: str, web: bool = False
) -> Iterator[Service]:
    """Run ``serve`` until the block ends; SIGTERM then ends it well."""
    store = folder / "store"
    command = argv(store, "--config", str(settings), "--json", "serve", room, "--node", "test")
    process = subprocess.Popen(
        [*command, "--web" if web else "--no-web", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        ready = json.loads(line)
        yield Service(process, int(ready["port"]), store, settings, ready.get("url", ""))
    finally:
        process.terminate()
        said, errors = process.communicate(timeout=LIMIT_S)  # every process of it has ended then
        (folder / "said.log").write_text(line + said + errors)
    assert process.returncode in (0, -signal.SIGKILL), errors
    assert "Traceback" not in errors, errors


@contextmanager
def storescp(folder: Path, port: int) -> Iterator[Path]:
    """DCMTK's receiver; the folder that it fills."""
    got = folder / "got"
    got.mkdir()
    process = subprocess.Popen(
        ["storescp", "-aet", "PLANNER", "-od", str(got), "+xa", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dcmtk(),
    )
    try:
        yield got
    finally:
        process.kill()
        process.wait()


def storescu(port: int, caller: str, *files: Path) -> "subprocess.CompletedProcess[str]":
    """Send files with DCMTK's sender, told what it does."""
    return subprocess.run(
        ["storescu", "-v", "-aet", caller, "-aec", "LINAC", "127.0.0.1", str(port)]
        + [str(file) for file in files],
        capture_output=True,
        text=True,
        env=dcmtk(),
        timeout=120,
        check=False,
    )


def dcmtk() -> dict[str, str]:
    """DCMTK waits 40 ms for each object unless it is told not to."""
    return os.environ | {"TCP_NODELAY": "1"}
