"""How late 20 ms samples come in real time, with gateway and devices in processes of their own."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from gateway.domain.units import NS_PER_S, FloatArray
from gateway.formats.telemetry_parquet import read_telemetry
from tests.bench.figure import Better, Figure
from tests.bench.plans import MACHINE, generated_plan
from tests.e2e.command import run
from tests.e2e.processes import busy_site, devices

PERIOD_S = 0.02
ALONE = ("alone", 1.0, ())
CAPTURING = ("while 10 frames/s are captured", 2.0, ("--cine", "10"))


def lateness_figures(folder: Path) -> Iterator[Figure]:
    """One arc delivered for each: with its integrated image, and with 10 cine frames/s.

    Both again with real-time scheduling, where this user may have it: then other programs of a
    busy machine do not count.
    """
    for number, (what, goal_ms, wishes) in enumerate((ALONE, CAPTURING)):
        yield from _figures(folder / f"normal-{number}", what, goal_ms, wishes)
    try:
        with _first_in_first_out():
            pass
    except PermissionError:
        sys.stderr.write("skipped: real-time scheduling is not permitted to this user\n")
        return
    for number, (what, goal_ms, wishes) in enumerate((ALONE, CAPTURING)):
        with _first_in_first_out():
            yield from _figures(
                folder / f"fifo-{number}", f"{what}, real-time scheduling", goal_ms, wishes
            )


@contextmanager
def _first_in_first_out() -> Iterator[None]:
    """Processes that are started within have real-time priority. Raises PermissionError."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _figures(folder: Path, what: str, goal_ms: float, wishes: tuple[str, ...]) -> list[Figure]:
    folder.mkdir(parents=True)
    plan = generated_plan(folder, "vmat")
    out = folder / "out"
    with devices(folder, MACHINE, busy_site(folder, MACHINE)) as room, Metronome() as metronome:
        delivered = run(
            folder / "store", "--config", str(room.links), "--json", "deliver", str(plan),
            "--room", MACHINE, "--beam", "1", *wishes, "--out", str(out),
        )  # fmt: skip
    if delivered.code != 0:
        raise RuntimeError(f"the delivery failed: {delivered.stdout}{delivered.stderr}")
    (beam,) = delivered.json["beams"]
    telemetry = read_telemetry(next((out / "telemetry").glob("*.parquet")).read_bytes())
    lag_ms = (telemetry.received_ns - telemetry.machine_time_ns) * 1e3 / NS_PER_S
    late = lag_ms - lag_ms.min()
    bare = metronome.late_ms()
    context = {
        "p95_ms": float(np.percentile(late, 95)),
        "maximum_ms": float(late.max()),
        "samples": int(late.size),
        "lost_samples": beam["lost_samples"],
        "bare_timer_p50_ms": float(np.percentile(bare, 50)),
        "bare_timer_p99_ms": float(np.percentile(bare, 99)),
    }
    return [
        Figure(
            f"lateness of 20 ms samples {what}, p{percent}",
            float(np.percentile(late, percent)),
            "ms",
            Better.LOWER,
            goal,
            context,
        )
        for percent, goal in ((50, None), (99, goal_ms))
    ]


class Metronome:
    """A thread that only sleeps from tick to tick: what this machine can do at this time."""

    def __init__(self) -> None:
        self._late_s: list[float] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
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

    def late_ms(self) -> FloatArray:
        """How late each tick was."""
        return 1e3 * np.array(self._late_s)

    def _tick(self) -> None:
        due_s = time.monotonic()
        while not self._stopped.is_set():
            due_s += PERIOD_S
            time.sleep(max(due_s - time.monotonic(), 0.0))
            self._late_s.append(time.monotonic() - due_s)
