"""How late 20 ms samples come in real time, with gateway and devices in processes of their own."""

import threading
import time
from collections.abc import Iterator
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


def lateness_figures(folder: Path) -> Iterator[Figure]:
    """One arc delivered for each: with its integrated image, and with 10 cine frames/s."""
    yield from _figures(folder / "alone", "alone", 1.0, ())
    yield from _figures(folder / "cine", "while 10 frames/s are captured", 2.0, ("--cine", "10"))


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
    host = metronome.late_ms()
    context = {
        "samples": int(late.size),
        "lost_samples": beam["lost_samples"],
        "maximum_ms": float(late.max()),
        "bare_timer_p50_ms": float(np.percentile(host, 50)),
        "bare_timer_p99_ms": float(np.percentile(host, 99)),
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
