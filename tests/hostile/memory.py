"""Memory of every process of a running service, each by itself (proc_pid_status(5))."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

LARGEST_GROWTH_MIB = 256
PERIOD_S = 0.02
PROC = Path("/proc")


class Memory:
    """Peaks by kind of process, over what one of that kind had when it was idle.

    A process that is started later is compared with the idle one of its kind.
    """

    def __init__(self, service: int) -> None:
        self._service = service
        self._idle_mib: dict[str, float] = {}
        self.peak_mib: dict[str, float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        for kind, process in self._processes():
            resident = _mib(process, "VmRSS")
            self._idle_mib[kind] = max(resident, self._idle_mib.get(kind, 0.0))
            _forget_peak(process)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def growth_mib(self) -> dict[str, float]:
        """What each kind had at most, beyond its idle size."""
        return {
            kind: round(peak - self._idle_mib.get(kind, 0.0), 1)
            for kind, peak in sorted(self.peak_mib.items())
        }

    def _watch(self) -> None:
        while not self._stopped.wait(PERIOD_S):
            for kind, process in self._processes():
                peak = _mib(process, "VmHWM")
                self.peak_mib[kind] = max(peak, self.peak_mib.get(kind, 0.0))

    def _processes(self) -> Iterator[tuple[str, Path]]:
        for process in _tree(self._service):
            yield _kind(process), process


def _tree(root: int) -> Iterator[Path]:
    """The process and all that it started, and those that they did."""
    waiting = [root]
    while waiting:
        found = PROC / str(waiting.pop())
        yield found
        for task in _listed(found / "task"):
            waiting += map(int, _text(task / "children").split())


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # it has ended
        return []


def _kind(process: Path) -> str:
    """The module that it runs."""
    words = _text(process / "cmdline").split("\0")
    return next((word for word in words if word.startswith("gateway.app.node.")), "serve")


def _mib(process: Path, which: str) -> float:
    for line in _text(process / "status").splitlines():
        if line.startswith(which):
            return int(line.split()[1]) / 1024
    return 0.0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _forget_peak(process: Path) -> None:
    with os.fdopen(os.open(process / "clear_refs", os.O_WRONLY), "w") as file:
        file.write("5")
