"""A service that runs with everything, and what can be done to it."""

import json
import os
import socket
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from tests.node_service.serving import Service, free_port, site_with_node

BOUND_S = 120.0
ROOM = "truebeam-m120"


def everything(folder: Path, broker_port: int, back: int) -> Path:
    """Settings with a node, a dashboard and a broker, each at a port that stays."""
    settings = site_with_node(folder, ROOM, back)
    for file in (settings, folder / "site" / "nodes" / "test.toml"):
        file.write_text(file.read_text().replace("port = 0", f"port = {free_port()}"))
    with settings.open("a") as file:
        file.write(f'[mqtt]\nurl = "mqtt://127.0.0.1:{broker_port}"\nsite = "test"\n')
    return settings


def processes(served: Service) -> dict[str, frozenset[int]]:
    """The service's own processes, by the last part of their module's name."""
    found: dict[str, set[int]] = defaultdict(set)
    pid = served.process.pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            argv = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if b"-m" in argv:
            module = argv[argv.index(b"-m") + 1].decode()
            found[module.rpartition(".")[2].removesuffix("_process")].add(int(child))
    return {name: frozenset(pids) for name, pids in found.items()}


def wait_for(holds: Callable[[], bool]) -> None:
    """Return once it holds."""
    never = threading.Event()
    for _ in range(round(BOUND_S / 0.05)):
        if holds():
            return
        never.wait(0.05)
    raise AssertionError("it did not come about")


@dataclass(frozen=True)
class Api:
    """The HTTP API, as somebody with the first token uses it."""

    served: Service

    def get(self, path: str) -> tuple[int, str]:
        """Status and body; 0 where nobody answers."""
        address = urlsplit(self.served.dashboard)
        try:
            with urlopen(f"http://{address.netloc}{path}", timeout=BOUND_S) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            return 0, ""

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A command that is taken."""
        address = urlsplit(self.served.dashboard)
        headers = {
            "Authorization": f"Bearer {address.fragment.removeprefix('token=')}",
            "Idempotency-Key": uuid.uuid4().hex,
            "Content-Type": "application/json",
        }
        content = json.dumps(body or {}).encode()
        url = f"http://{address.netloc}/api/v1{path}"
        asked = Request(url, content, headers, method="POST")
        with urlopen(asked, timeout=BOUND_S) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def deliver(self, technique: str, seed: int) -> str:
        """Propose a generated plan, arm it, deliver it; the item."""
        made = self.post("/plans/generated", {"technique": technique, "seed": seed})
        item = self.post("/queue", {"plan_id": made["plan_id"]})
        self.post(f"/queue/{item['item']}/arm", {"armed_step": item["arming_code"]})
        self.post(f"/queue/{item['item']}/deliver")
        return str(item["item"])


@dataclass
class Manager:
    """In the service manager's place: hears what the service tells it."""

    said: list[str] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def hear(self, listening: socket.socket) -> None:
        while said := listening.recv(4096).decode():
            with self._news:
                self.said.append(said)
                self._news.notify_all()

    def until(self, wanted: str, times: int = 1) -> None:
        """Wait until that was said so many times."""
        with self._news:
            assert self._news.wait_for(lambda: self.said.count(wanted) >= times, BOUND_S), self.said


@contextmanager
def service_manager(monkeypatch: pytest.MonkeyPatch, watchdog_s: float) -> Iterator[Manager]:
    """A service that is started in the block has this manager and its watchdog."""
    manager = Manager()
    with (
        TemporaryDirectory(prefix="lg-") as made,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one,
    ):
        path = os.path.join(made, "notify")  # noqa: PTH118 - a socket's address is text
        one.bind(path)
        hearing = threading.Thread(target=manager.hear, args=(one,))
        hearing.start()
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        monkeypatch.setenv("WATCHDOG_USEC", str(round(watchdog_s * 1e6)))
        try:
            yield manager
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
                end.sendto(b"", path)
            hearing.join()
