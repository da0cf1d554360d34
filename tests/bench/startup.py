"""How long the command takes to say what it can do."""

import resource
import statistics
import subprocess
import sys
import time

from tests.bench.figure import Better, Figure
from tests.e2e.command import environment

GOAL_S = 0.3
RUNS = 11


def startup_figure() -> Figure:
    """``linac-gateway --help`` from start to end, as a process of its own."""
    command = [sys.executable, "-c", "from gateway.cli import main; main()", "--help"]
    walls, before = [], _children_cpu_s()
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment())
        walls.append(time.perf_counter() - started)
    return Figure(
        "linac-gateway --help",
        statistics.median(walls),
        "s",
        Better.LOWER,
        GOAL_S,
        {
            "best": min(walls),
            "cpu_s": (_children_cpu_s() - before) / RUNS,
            "runs": RUNS,
        },
    )


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
