"""The whole service under attack: who is well-behaved is served, no process grows, none breaks."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.command import LIMIT_S, argv, environment
from tests.e2e.processes import add_busy_room
from tests.guard.guarded import echo
from tests.hostile.memory import LARGEST_GROWTH_MIB, Memory

ROOM = "truebeam-m120"
BOUND_S = 10.0
DEFLATED = "1.2.840.10008.1.2.1.99"
PEERS = {
    "GOOD": "accept",
    "ACCEPT": "accept",
    "REFUSE": "refuse",
    "APART": "quarantine",
    "PLANNER": "deliver",
    "PEER": "accept",
    "SLOW": "accept",
}
NODE = """
description = "attacked"
ae_title = "LINAC"
host = "127.0.0.1"
port = 0

[limits]
free_disk_bytes = 1048576
header_s = 2.0
body_s = {body_s}
"""
PEER = """
[peers.{name}]
host = "127.0.0.1"
port = 1
policy = "{policy}"
room = "{room}"
transfer_syntaxes = ["1.2.840.10008.1.2.1.99"]
commitment = false
"""
SIGNS = ("Traceback", "Exception in", "exception was never retrieved", "Error:")
"""What an exception that nobody caught leaves on standard error."""


@dataclass(frozen=True)
class Attacked:
    """A running service, and what it says."""

    port: int
    store: Path
    log: Path
    memory: Memory
    pid: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), BOUND_S)

    def serves(self) -> bool:
        """Whether a well-behaved peer, coming again where it is turned away, is soon served."""
        until_s = time.monotonic() + BOUND_S
        while time.monotonic() < until_s:
            if echo(self.port, "GOOD") == 0x0000:
                return True
        return False

    def require_calm(self) -> None:
        """Served, grown by less than it may, and nothing uncaught."""
        assert self.serves()
        growth = self.memory.growth_mib()
        assert max(growth.values()) < LARGEST_GROWTH_MIB, growth
        said = self.log.read_text()
        found = max(map(said.find, SIGNS))
        assert found < 0, said[found : found + 2000]


@contextmanager
def attacked(folder: Path, *arguments: str, body_s: float = 2.0) -> Iterator[Attacked]:
    """Run ``serve`` in a room for a busy machine until the block ends; it must then end well."""
    store, log = folder / "store", folder / "serve.log"
    command = argv(store, "--config", str(_site(folder, body_s)), "--json")
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*command, "serve", ROOM, "--node", "test", "--no-web", *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment(),
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, log.read_text()
            with Memory(process.pid) as memory:
                yield Attacked(json.loads(line)["port"], store, log, memory, process.pid)
        finally:
            process.terminate()
            process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, log.read_text()


def _site(folder: Path, body_s: float) -> Path:
    nodes = folder / "site" / "nodes"
    nodes.mkdir(parents=True)
    peers = (
        PEER.format(name=name, policy=policy, room=ROOM if policy == "deliver" else "")
        for name, policy in PEERS.items()
    )
    (nodes / "test.toml").write_text(NODE.format(body_s=body_s) + "".join(peers))
    add_busy_room(folder / "site", ROOM)
    settings = folder / "serve.toml"
    settings.write_text(f'site = "{folder / "site"}"\n')
    return settings
