"""How fast objects are received: the same files, from storescu, as others receive them."""

import statistics
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figure import Better, Figure
from tests.bench.images import large_image
from tests.bench.plans import one_arc
from tests.bench.receivers import RECEIVERS, Receiver
from tests.node_peers.dcmtk import ENVIRONMENT
from tests.peers import program

RUNS = 3
WARMING = 2
GUARD_COSTS_AT_MOST = 0.1


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
Rates = dict[tuple[str, str], list[float]]


def receiving_figures(folder: Path) -> Iterable[Figure]:
    """Medians of several runs; receivers take turns, so that a busy computer slows all of them."""
    files = {"image": large_image(folder), "plan": one_arc(folder)}
    rates: Rates = {}
    for _ in range(RUNS):
        for name, start in RECEIVERS.items():
            with TemporaryDirectory(dir=folder) as there, start(Path(there)) as receiver:
                for cell in CELLS:
                    rate = _rate(receiver, files[cell.kind], cell, "SENDER")
                    rates.setdefault((cell.name, name), []).append(rate)
                    if name == "gateway":
                        rate = _rate(receiver, files[cell.kind], cell, "REFUSED")
                        rates.setdefault((cell.name, REFUSING), []).append(rate)
    for cell in CELLS:
        yield from _figures(cell, files[cell.kind], rates)


def _figures(cell: Cell, file: Path, rates: Rates) -> Iterator[Figure]:
    median = {
        name: statistics.median(runs) for (of, name), runs in rates.items() if of == cell.name
    }
    ours, bare = median["gateway"], median["without_guard"]
    shares = {f"over_{other}": ours / median[other] for other in median if other != "gateway"}
    context = {"bytes": file.stat().st_size, "runs": RUNS, **median, **shares}
    goal = max(factor * median[other] for other, factor in cell.goals.items())
    yield Figure(cell.name, ours, "objects/s", Better.HIGHER, goal, context)
    yield Figure(
        f"{cell.name}: what the guard costs",
        1.0 - ours / bare,
        "of the rate",
        Better.LOWER,
        GUARD_COSTS_AT_MOST,
    )
    yield Figure(
        f"{cell.name}: validated before the answer",
        median[REFUSING],
        "objects/s",
        Better.HIGHER,
    )


def _rate(receiver: Receiver, file: Path, cell: Cell, calling: str) -> float:
    """Objects/s, from the first sender's start to the last one's end."""
    _send(receiver, file, cell.senders, WARMING, calling)
    started_s = time.perf_counter()
    _send(receiver, file, cell.senders, cell.each, calling)
    return cell.senders * cell.each / (time.perf_counter() - started_s)


def _send(receiver: Receiver, file: Path, senders: int, each: int, calling: str) -> None:
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
