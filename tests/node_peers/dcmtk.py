"""DCMTK's tools as they are called from a shell, and the files they leave."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import dcmread

from gateway.dicom.part10 import file_meta
from tests.orthanc import free_port
from tests.peers import program

LIMIT_S = 120
START_S = 10.0
STOP_S = 10.0
POLL_S = 0.02
ENVIRONMENT = {**os.environ, "TCP_NODELAY": "1"}
"""Without it DCMTK waits some 40 ms for every object."""


def run(name: str, *arguments: object, folder: Path | None = None) -> str:
    """Run a tool that has to succeed, in ``folder`` if one is given; what it says."""
    done = attempt(name, *arguments, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def attempt(
    name: str, *arguments: object, folder: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a tool to its end."""
    return subprocess.run(
        [program(name, "dcmtk"), *map(str, arguments)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LIMIT_S,
        env=ENVIRONMENT,
        cwd=folder,
        check=False,
    )


@dataclass(frozen=True)
class Receiver:
    """A storescp that keeps the bits as they come."""

    ae_title: str
    port: int
    folder: Path

    def received(self) -> Mapping[str, bytes]:
        """What it was sent: data sets by SOP Instance UID."""
        return data_sets(self.folder)


@contextmanager
def storescp(
    folder: Path, *options: str, ae_title: str = "ARCHIVE", port: int | None = None
) -> Iterator[Receiver]:
    """A receiver on ``port``, or one of its own; ended with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    tool = program("storescp", "dcmtk")
    command = [tool, "+B", "-pm", *options, "-aet", ae_title, "-od", str(folder), str(port)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT
    )
    try:
        _wait_for(process, port)
        yield Receiver(ae_title, port, folder)
    finally:
        process.terminate()
        process.wait(STOP_S)


def data_sets(folder: Path) -> dict[str, bytes]:
    """The data sets of a folder's DICOM files by SOP Instance UID, as they lie there."""
    found = {}
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        meta = file_meta(content)
        found[meta.sop_instance_uid] = content[meta.offset :]
    return found


def answers(folder: Path) -> list[object]:
    """What findscu extracted, in the order of the answers."""
    return [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]


def _wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"storescp ended with {process.returncode}")
        if attempt("echoscu", "127.0.0.1", port).returncode == 0:
            return
        time.sleep(POLL_S)
    pytest.fail("storescp does not answer")
