"""What the processes of a running service hold of memory, as the kernel counts it."""

from pathlib import Path

_FORGET_PEAK = "5"
"""To /proc/PID/clear_refs: the peak begins anew (proc(5))."""


def process_of(service: int, module: str) -> int:
    """The child of the service that runs ``module``."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            words = (path / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has ended meanwhile
            continue
        if parent == service and module.encode() in words:
            return int(path.name)
    raise LookupError(f"the service has no process {module}")


def forget_peak(pid: int) -> int:
    """Let the peak begin anew; what the process holds now, bytes."""
    Path(f"/proc/{pid}/clear_refs").write_text(_FORGET_PEAK)
    return _status_bytes(pid, "VmRSS:")


def peak_bytes(pid: int) -> int:
    """The most that it held since :func:`forget_peak`, bytes."""
    return _status_bytes(pid, "VmHWM:")


def _status_bytes(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return 1024 * int(line.split()[1])
    raise LookupError(name)
