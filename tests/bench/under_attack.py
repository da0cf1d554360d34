"""How late a beam's samples come while the node beside it is flooded and bombed, and idle."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from gateway.app.records import history, show
from gateway.dicom.sop_classes import RT_PLAN
from gateway.domain.errors import StoreError
from gateway.domain.units import NS_PER_S, FloatArray
from gateway.formats.telemetry_parquet import read_telemetry
from gateway.settings import Settings
from tests.bench.figure import Better, Figure
from tests.bench.images import large_image
from tests.bench.plans import generated_plan
from tests.hostile.client import EXPLICIT, Turned, association
from tests.hostile.objects import STRUCTURES, deflate_bomb, deflated_elements, sizes
from tests.hostile.service import DEFLATED, Attacked, attacked
from tests.node_peers.dcmtk import ENVIRONMENT
from tests.peers import program

SENDERS = 4
EACH = 1000
BOUND_S = 300.0
POLL_S = 0.5
INFLATED_MIB = 40


def under_attack_figures(folder: Path) -> Iterator[Figure]:
    """The same beam twice, in real time: beside an idle node, and beside one under attack."""
    idle, context = lateness_ms(folder / "idle", ())
    yield _figure("beside an idle node", idle, context)
    attacks = (flood, bombs)
    busy, context = lateness_ms(folder / "attacked", attacks)
    more = context | {"idle_p99_ms": float(np.percentile(idle, 99))}
    yield _figure("beside a node under attack", busy, more)


Attack = Callable[[Attacked, Path, threading.Event], int]


def _figure(what: str, late_ms: FloatArray, context: Mapping[str, float | int | str]) -> Figure:
    return Figure(
        f"lateness of a beam's samples {what}, p99",
        float(np.percentile(late_ms, 99)),
        "ms",
        Better.LOWER,
        None,
        {
            "p50_ms": float(np.percentile(late_ms, 50)),
            "maximum_ms": float(late_ms.max()),
            **context,
        },
    )


def lateness_ms(
    folder: Path, attacks: tuple[Attack, ...]
) -> tuple[FloatArray, Mapping[str, float | int | str]]:
    folder.mkdir(parents=True)
    plan = generated_plan(folder, "open-field")
    counts: dict[str, int] = {}
    done = threading.Event()
    with attacked(folder / "site", "--speed", "real") as service:
        began = _send(service, plan, "PLANNER")
        assert began == 0, f"the plan was refused with {began:#06x}"
        with ExitStack() as stack:
            for attack in attacks:
                stack.enter_context(_Running(attack, service, folder, done, counts))
            summary, late_ms = _delivered(service, done)
    lost = sum(beam["lost_samples"] for beam in summary["beams"])
    return late_ms, {
        "verdict": summary["verdict"],
        "lost_samples": lost,
        "samples": int(late_ms.size),
        **counts,
    }


def _send(service: Attacked, file: Path, caller: str) -> int:
    sent = subprocess.run(
        [
            program("storescu", "dcmtk"),
            *("-R", "-aet", caller, "-aec", "LINAC"),
            *("127.0.0.1", str(service.port), str(file)),
        ],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    return sent.returncode


def _delivered(service: Attacked, done: threading.Event) -> tuple[Mapping[str, Any], FloatArray]:
    """Wait for the record of the one delivery; then the attacks end."""
    ours = Settings(store=service.store)
    waiting = threading.Event()
    try:
        for _ in range(int(BOUND_S / POLL_S)):
            rows = _rows(ours)
            if rows and rows[0]["state"] not in {"running", "open", ""}:
                folder = Path(show(ours, rows[0]["delivery_id"])["folder"])
                if (folder / "summary.json").exists():
                    break
            waiting.wait(POLL_S)
        else:
            raise RuntimeError("the beam was not delivered")
    finally:
        done.set()
    summary = json.loads((folder / "summary.json").read_bytes())
    late = []
    for path in sorted(folder.rglob("*.parquet")):
        telemetry = read_telemetry(path.read_bytes())
        lag_ms = (telemetry.received_ns - telemetry.machine_time_ns) * 1e3 / NS_PER_S
        late.append(lag_ms - lag_ms.min())
    if not late:
        raise RuntimeError(f"no beam was on: {summary['state']}, {summary['causes']}")
    return summary, np.concatenate(late)


def _rows(ours: Settings) -> list[dict[str, Any]]:
    """The deliveries so far; none while the store is being made."""
    try:
        return history(ours)
    except StoreError:
        return []


class _Running:
    """An attack in a thread, until the beam is over."""

    def __init__(
        self,
        attack: Attack,
        service: Attacked,
        folder: Path,
        done: threading.Event,
        counts: dict[str, int],
    ) -> None:
        def run() -> None:
            counts[attack.__name__] = attack(service, folder, done)

        self._thread = threading.Thread(target=run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()


def flood(service: Attacked, folder: Path, done: threading.Event) -> int:
    """Images over four associations at full speed; how many senders were begun."""
    image = large_image(folder)
    command = [program("storescu", "dcmtk"), "-R", "+II", "--repeat", str(EACH), "-aet", "ACCEPT"]
    command += ["-aec", "LINAC", "127.0.0.1", str(service.port), str(image)]
    running: list[subprocess.Popen[bytes]] = []
    begun = 0
    while not done.is_set():
        running = [one for one in running if one.poll() is None]
        while len(running) < SENDERS:
            running.append(
                subprocess.Popen(
                    command,
                    env=ENVIRONMENT,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            begun += 1
        done.wait(POLL_S)
    for one in running:
        one.kill()
        one.wait()
    return begun


def bombs(service: Attacked, _folder: Path, done: threading.Event) -> int:
    """Every bomb in its turn, from who is judged before and after the answer; how many."""
    uid, sent = "1.2.5", 0
    made = [
        *((deflate_bomb(uid, mib), DEFLATED) for mib in (1, 256, 1024)),
        (deflated_elements(uid, INFLATED_MIB), DEFLATED),
        *((make(uid), EXPLICIT) for make in (*sizes(1).values(), *STRUCTURES.values())),
    ]
    for (content, syntax), policy in zip(cycle(made), cycle(("REFUSE", "ACCEPT", "APART"))):
        if done.is_set():
            return sent
        try:
            with association(service.port, policy, RT_PLAN, syntax) as client:
                client.store(RT_PLAN, uid, content)
        except (Turned, OSError):
            continue
        sent += 1
    return sent
