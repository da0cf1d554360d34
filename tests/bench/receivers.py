"""Everything that receives in the benchmark, each in processes of its own on loopback."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.node import Limits
from tests.e2e.command import environment
from tests.node_peers.dcmtk import storescp
from tests.orthanc import orthanc

PDU_BYTES = 2**17
"""The longest that storescu sends."""
NODE = """
description = "bench"
ae_title = "LINAC"
port = 0
unknown_peers = true

[peers.REFUSED]
policy = "refuse"
"""
ROOM = ""
"""Nothing is delivered."""
_END_S = 60.0


@dataclass(frozen=True)
class Receiver:
    """Where it listens: on several ports, senders are shared out among them."""

    ae_title: str
    ports: Sequence[int]


Start = Callable[[Path], AbstractContextManager[Receiver]]


@contextmanager
def guarded_node(folder: Path) -> Iterator[Receiver]:
    """The node as ``serve`` runs it: guard and workers."""
    with ExitStack() as stack:
        common = _node_arguments(folder)
        sockets = [str(folder / f"w{number}") for number in range(Limits().workers)]
        for path in sockets:
            stack.enter_context(_child("gateway.app.node.worker_process", *common, path, ROOM))
        guard = _child("gateway.app.node.guard_process", *common, *sockets)
        yield Receiver("LINAC", [stack.enter_context(guard)["port"]])


@contextmanager
def bare_workers(folder: Path) -> Iterator[Receiver]:
    """The node's workers with no guard in front."""
    with ExitStack() as stack:
        common = _node_arguments(folder)
        workers = [
            stack.enter_context(
                _child("tests.bench.bare_worker", *common, str(folder / "none"), ROOM)
            )
            for _ in range(Limits().workers)
        ]
        yield Receiver("LINAC", [worker["port"] for worker in workers])


@contextmanager
def raw_pynetdicom(folder: Path) -> Iterator[Receiver]:
    """Stock pynetdicom that writes the bytes it gets."""
    (folder / "got").mkdir()
    with _child("tests.bench.raw_receiver", str(folder / "got")) as ready:
        yield Receiver("RAW", [ready["port"]])


@contextmanager
def dcmtk(folder: Path) -> Iterator[Receiver]:
    """DCMTK's storescp."""
    with storescp(folder / "got", "--max-pdu", str(PDU_BYTES)) as receiver:
        yield Receiver(receiver.ae_title, [receiver.port])


@contextmanager
def archive(folder: Path) -> Iterator[Receiver]:
    """Orthanc."""
    with orthanc(folder, {"sender": ("SENDER", "127.0.0.1", 104)}) as running:
        yield Receiver(running.ae_title, [running.dicom_port])


RECEIVERS: Mapping[str, Start] = {
    "gateway": guarded_node,
    "without_guard": bare_workers,
    "pynetdicom": raw_pynetdicom,
    "storescp": dcmtk,
    "orthanc": archive,
}


def _node_arguments(folder: Path) -> tuple[str, str, str]:
    nodes = folder / "site" / "nodes"
    nodes.mkdir(parents=True)
    (nodes / "bench.toml").write_text(NODE)
    settings = folder / "bench.toml"
    settings.write_text(f'site = "{folder / "site"}"\n')
    return str(folder / "store"), str(settings), "bench"


@contextmanager
def _child(module: str, *arguments: str) -> Iterator[Mapping[str, int]]:
    """A module as a process; what its first line says."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"{module} does not start"
        yield json.loads(line)
    finally:
        process.communicate(timeout=_END_S)
