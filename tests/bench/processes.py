"""What this process's descendants take: processor time and memory, which no other program sways."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _SYSTEM = 1, 11, 12
"""Fields of /proc/PID/stat after the name of the program, from 0."""


def cpu_s() -> float:
    """Processor time of all descendants that there are now, since each began."""
    ticks = sum(int(fields[_USER]) + int(fields[_SYSTEM]) for _, fields in _descendants())
    return ticks / _TICKS_PER_S


def resident_bytes() -> int:
    """What all descendants hold of memory by themselves, without what they share."""
    return sum(_unshared(pid) for pid, _ in _descendants())


def cpu_s_of(pid: int) -> float:
    """Processor time of one process since it began."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS_PER_S


@contextmanager
def beside(module: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a module of ``tests.bench`` until the block ends: then its input does, and so it must."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.bench.{module}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.communicate(timeout=60.0)


def _unshared(pid: int) -> int:
    kinds = ("Private_Clean:", "Private_Dirty:")
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(row.split()[1]) * 1024 for row in rows if row.startswith(kinds))


def _descendants() -> Iterator[tuple[int, list[str]]]:
    known = {os.getpid()}
    rows = sorted(_rows())
    while found := [(pid, row) for pid, row in rows if int(row[_PARENT]) in known - {pid}]:
        yield from found
        known = {pid for pid, _ in found}


def _rows() -> Iterator[tuple[int, list[str]]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        yield int(path.parent.name), text.rpartition(")")[2].split()
