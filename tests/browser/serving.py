"""``linac-gateway serve`` in a process of its own, which can be stopped and started on its port."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.command import LIMIT_S, argv, environment, inside
from tests.node_service.serving import free_port, site_with_node

ROOM = "truebeam-m120"
SPEED = "4"
SEED = ("--seed", "11")
SETTINGS = 'site = "{site}"\noperator = "operator"\n[web]\nport = {port}\n'


class Serving:
    """The service of one store; ``token`` is that of its operator."""

    def __init__(self, folder: Path, speed: str = SPEED) -> None:
        self.store = folder / "store"
        self.port = free_port()
        self.token = ""
        self._log = folder / "serve.log"
        self._speed = speed
        self._settings = site_with_node(folder, ROOM, free_port())
        self._settings.write_text(SETTINGS.format(site=folder / "site", port=self.port))
        self._process: subprocess.Popen[str] | None = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """Where its operator opens the dashboard."""
        return f"{self.origin}/#token={self.token}"

    def start(self) -> None:
        """Returns once it answers."""
        command = argv(self.store, "--config", str(self._settings), "--json", "serve", ROOM)
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [*command, "--node", "test", "--speed", self._speed],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment(),
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._log.read_text()
        token = urlsplit(json.loads(line)["url"]).fragment.removeprefix("token=")
        self.token = token or self.token

    def stop(self) -> None:
        """As SIGTERM ends it: well. Idempotent."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.terminate()
        process.communicate(timeout=LIMIT_S)
        log = self._log.read_text()
        assert process.returncode == 0, log
        assert "Traceback" not in log, log


@contextmanager
def serving(folder: Path, speed: str = SPEED) -> Iterator[Serving]:
    """A service whose record has two deliveries: one that passed, one with 5 % more dose."""
    service = Serving(folder, speed)
    record(service.store, folder, "open-field")
    record(service.store, folder, "open-field", "output-change:beam=1,percent=5")
    service.start()
    try:
        yield service
    finally:
        service.stop()


def record(
    store: Path, folder: Path, kind: str, *faults: str, options: Sequence[str] = SEED
) -> None:
    """Have a generated plan delivered on simulated time."""
    plan = folder / f"{kind}.dcm"
    if not plan.exists():
        assert inside(store, "plan", kind, "--machine", ROOM, "-o", str(plan)).code == 0
    wished = [part for fault in faults for part in ("--fault", fault)]
    assert inside(store, "deliver", str(plan), *options, *wished).code in (
        (1, 4) if faults else (0,)
    )
