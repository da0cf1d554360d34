"""How fast objects are received: the same files, from storescu, as others receive them."""

import statistics
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import processes
from tests.bench.figure import Better, Figure
from tests.bench.images import large_image
from tests.bench.plans import one_arc
from tests.bench.receivers import RECEIVERS, Receiver
from tests.node_peers.dcmtk import ENVIRONMENT
from tests.peers import program

RUNS = 3
WARMING = 2
BEHIND_THE_GUARD = 0.9
"""What has to be left of the rate: the guard may cost a tenth."""


@dataclass(frozen=True)
class Cell:
    """One kind of object, sent by so many senders at once; goals as multiples of others' rates."""

    name: str
    kind: str
    senders: int
    each: int
    goals: Mapping[str, float]


CELLS = (
    Cell("RT Images received, 1 association", "image", 1, 80, {"orthanc": 2.0}),
    Cell(
        "RT Images received, 4 associations",
        "image",
        4,
        30,
        {"orthanc": 2.0, "pynetdicom": 2.0, "storescp": 0.5},
    ),
    Cell("RT Plans received, 1 association", "plan", 1, 200, {"orthanc": 1.0}),
    Cell("RT Plans received, 4 associations", "plan", 4, 100, {"orthanc": 1.0}),
)
REFUSING = "refused"


@dataclass(frozen=True)
class Run:
    """Objects/s on the clock, and what the receiver took of processors for each."""

    rate: float
    cpu_ms: float


Runs = dict[tuple[str, str], list[Run]]
"""By cell and receiver."""


def receiving_figures(folder: Path) -> Iterable[Figure]:
    """Medians of several runs; receivers take turns, so that a busy computer slows all of them."""
    files = {"image": large_image(folder), "plan": one_arc(folder)}
    runs: Runs = {}
    for _ in range(RUNS):
        for name, start in RECEIVERS.items():
            with TemporaryDirectory(dir=folder) as there, start(Path(there)) as receiver:
                for cell in CELLS:
                    run = _run(receiver, files[cell.kind], cell, "SENDER")
                    runs.setdefault((cell.name, name), []).append(run)
                    if name == "gateway":
                        run = _run(receiver, files[cell.kind], cell, "REFUSED")
                        runs.setdefault((cell.name, REFUSING), []).append(run)
    for cell in CELLS:
        yield from _figures(cell, files[cell.kind], runs)


def _figures(cell: Cell, file: Path, runs: Runs) -> Iterator[Figure]:
    mine = {name: found for (of, name), found in runs.items() if of == cell.name}
    median = {name: statistics.median(one.rate for one in found) for name, found in mine.items()}
    cpu = {
        f"cpu_ms_{name}": statistics.median(one.cpu_ms for one in found)
        for name, found in mine.items()
    }
    ours, bare = median["gateway"], median["without_guard"]
    shares = {f"over_{other}": ours / median[other] for other in median if other != "gateway"}
    context = {"bytes": file.stat().st_size, "runs": RUNS, **median, **shares, **cpu}
    goal = max(factor * median[other] for other, factor in cell.goals.items())
    yield Figure(cell.name, ours, "objects/s", Better.HIGHER, goal, context)
    yield Figure(
        f"{cell.name}: what the guard leaves of the rate",
        ours / bare,
        "of the rate",
        Better.HIGHER,
        BEHIND_THE_GUARD,
    )
    yield Figure(
        f"{cell.name}: validated before the answer",
        median[REFUSING],
        "objects/s",
        Better.HIGHER,
    )


def _run(receiver: Receiver, file: Path, cell: Cell, calling: str) -> Run:
    """From the first sender's start to the last one's end."""
    send(receiver, file, cell.senders, WARMING, calling)
    before_s, started_s = processes.cpu_s(), time.perf_counter()
    send(receiver, file, cell.senders, cell.each, calling)
    spent_s = time.perf_counter() - started_s
    objects = cell.senders * cell.each
    return Run(objects / spent_s, 1e3 * (processes.cpu_s() - before_s) / objects)


def send(receiver: Receiver, file: Path, senders: int, each: int, calling: str) -> None:
    """Every object has a UID of its own; one that is not taken fails."""
    tool = program("storescu", "dcmtk")
    wishes = ("-R", "+II", "--repeat", str(each), "-aet", calling, "-aec", receiver.ae_title)
    running = [
        subprocess.Popen(
            [tool, *wishes, "127.0.0.1", str(port), str(file)],
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
        )
        for port in islice(cycle(receiver.ports), senders)
    ]
    codes = [sender.wait() for sender in running]
    assert codes == [0] * senders, f"storescu to {receiver.ae_title} ended with {codes}"
