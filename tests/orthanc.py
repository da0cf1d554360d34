"""Debian's Orthanc as the archive on the other side.

Orthanc 1.10.1 has no option for the address that its DICOM server listens on: it is every
interface. So nothing is allowed to anybody but the modalities given, whose addresses it checks;
and the host's own firewall is what keeps others from connecting.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.peers import absent

AE_TITLE = "ORTHANC"
START_S = 30.0
STOP_S = 20.0
POLL_S = 0.02
HTTP_S = 20.0
TRIES = 3
CLOSED = {
    f"DicomAlwaysAllow{service}": False
    for service in ("Echo", "Store", "Find", "FindWorklist", "Get", "Move")
}


@dataclass(frozen=True)
class Orthanc:
    """A running archive; both ports are reached on 127.0.0.1."""

    dicom_port: int
    http_port: int
    ae_title: str
    folder: Path
    pid: int

    def get(self, path: str) -> Any:
        """What the REST interface has at ``path``: JSON, or bytes where it is something else."""
        return self._answer(urllib.request.Request(self._url(path)))

    def post(self, path: str, body: Any) -> Any:
        """Post ``body``: bytes as they are, anything else as JSON; the answer as of ``get``."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._answer(urllib.request.Request(self._url(path), data=data, method="POST"))

    def delete(self, path: str) -> Any:
        """Delete what is at ``path``; the answer as of ``get``."""
        return self._answer(urllib.request.Request(self._url(path), method="DELETE"))

    def instances(self) -> Mapping[str, str]:
        """Orthanc's identifiers of what it holds, by SOP Instance UID."""
        rows = self.get("/instances?expand")
        return {row["MainDicomTags"]["SOPInstanceUID"]: row["ID"] for row in rows}

    def file(self, sop_instance_uid: str) -> bytes:
        """The DICOM file that it made of an object it received."""
        content = self.get(f"/instances/{self.instances()[sop_instance_uid]}/file")
        assert isinstance(content, bytes)
        return content

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.http_port}{path}"

    def _answer(self, request: urllib.request.Request) -> Any:
        with urllib.request.urlopen(request, timeout=HTTP_S) as answer:
            content = answer.read()
            kind = answer.headers.get_content_type()
        return json.loads(content) if kind == "application/json" else content


@contextmanager
def orthanc(folder: Path, modalities: Mapping[str, tuple[str, str, int]]) -> Iterator[Orthanc]:
    """An empty archive in ``folder`` that serves ``modalities``: name to (AE title, host, port).

    Ready when the block is entered, ended when it is left. Absent it skips.
    """
    binary = _program()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "orthanc.log").open("wb") as log:
        process, found = _started(binary, folder, modalities, log.fileno())
        try:
            yield found
        finally:
            _end(process)


def free_port() -> int:
    """A port of the loopback interface that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program() -> str | None:
    """Where Orthanc is, if it is installed."""
    return shutil.which("Orthanc", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def _program() -> str:
    return program() or absent("Orthanc is not installed (package orthanc)")


def _started(
    program: str, folder: Path, modalities: Mapping[str, tuple[str, str, int]], log: int
) -> tuple["subprocess.Popen[bytes]", Orthanc]:
    """Somebody else may take a free port before Orthanc does: then with others."""
    for _ in range(TRIES):
        dicom_port, http_port = free_port(), free_port()
        config = folder / "orthanc.json"
        config.write_text(json.dumps(_config(folder, dicom_port, http_port, modalities)))
        process = subprocess.Popen([program, str(config)], stdout=log, stderr=log)
        found = Orthanc(dicom_port, http_port, AE_TITLE, folder, process.pid)
        if _is_ready(process, found):
            return process, found
        _end(process)
    pytest.fail(f"Orthanc does not start: {(folder / 'orthanc.log').read_text()[-2000:]}")


def _config(
    folder: Path, dicom_port: int, http_port: int, modalities: Mapping[str, tuple[str, str, int]]
) -> dict[str, Any]:
    return {
        "Name": "archive of a test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "TemporaryDirectory": str(folder),
        "Plugins": [],
        "HttpPort": http_port,
        "RemoteAccessAllowed": False,
        "OrthancExplorerEnabled": False,
        "WebDavEnabled": False,
        "DicomPort": dicom_port,
        "DicomAet": AE_TITLE,
        "DicomCheckCalledAet": True,
        "DicomCheckModalityHost": True,
        "DicomModalities": {name: list(modality) for name, modality in modalities.items()},
        "MaximumPduLength": 131072,
        "SaveJobs": False,
        **CLOSED,
    }


def _is_ready(process: "subprocess.Popen[bytes]", found: Orthanc) -> bool:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError, urllib.error.URLError):
            if found.get("/system")["DicomPort"] == found.dicom_port:
                socket.create_connection(("127.0.0.1", found.dicom_port), HTTP_S).close()
                return process.poll() is None
        time.sleep(POLL_S)
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
