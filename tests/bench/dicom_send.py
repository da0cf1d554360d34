"""How fast the outbox sends: the same files as storescu, to the same storescp, in the same run."""

import resource
import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from pydicom import dcmread

from gateway.adapters.clock import SystemClock
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import State
from gateway.app.node.outbox import outgoing_object
from gateway.app.node.sending_work import SendingWork
from gateway.domain.identifiers import derived_uid
from gateway.domain.node import Node, Peer
from tests.bench.figure import Better, Figure
from tests.bench.images import large_image
from tests.bench.plans import generated_plan
from tests.node_peers.dcmtk import ENVIRONMENT, storescp
from tests.peers import program

IMAGES, PLANS, RUNS = 60, 200, 3
PDU_BYTES = "131072"
SHARE_OF_STORESCU = 0.5


def sending_figures(folder: Path) -> Iterable[Figure]:
    """Objects/s of RT Images of 3.28 MB and of RT Plans; the goal is half of storescu's."""
    yield _figure("RT Images sent", _copies(large_image(folder), folder / "images", IMAGES), folder)
    plan = generated_plan(folder, "vmat")
    yield _figure("RT Plans sent", _copies(plan, folder / "plans", PLANS), folder)


def _figure(name: str, files: Sequence[Path], folder: Path) -> Figure:
    """The best of several runs of each, in turn: what else the computer does slows either."""
    ours, theirs, cpu_ms = [], [], []
    for run in range(RUNS):
        with storescp(folder / f"received-{name}-{run}", "--max-pdu", PDU_BYTES) as receiver:
            before_s = _children_cpu_s()
            theirs.append(len(files) / _storescu_s(files, receiver.ae_title, receiver.port))
            storescu_cpu_s = _children_cpu_s() - before_s
            there = folder / f"node-{name}-{run}"
            before_s = time.process_time()
            ours.append(len(files) / _outbox_s(files, receiver.ae_title, receiver.port, there))
            cpu_ms.append((1e3 * (time.process_time() - before_s), 1e3 * storescu_cpu_s))
    return Figure(
        name,
        max(ours),
        "objects/s",
        Better.HIGHER,
        SHARE_OF_STORESCU * max(theirs),
        {
            "storescu": max(theirs),
            "share": max(ours) / max(theirs),
            "cpu_ms": min(mine for mine, _ in cpu_ms) / len(files),
            "cpu_ms_storescu": min(of_storescu for _, of_storescu in cpu_ms) / len(files),
            "bytes": files[0].stat().st_size,
            "objects": len(files),
            "runs": RUNS,
        },
    )


def _children_cpu_s() -> float:
    """Processor time of the children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _storescu_s(files: Sequence[Path], ae_title: str, port: int) -> float:
    command = [program("storescu", "dcmtk"), "--max-pdu", PDU_BYTES, "-R", "-xe"]
    command += ["-aec", ae_title, "127.0.0.1", str(port), *map(str, files)]
    started_s = time.perf_counter()
    subprocess.run(command, check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started_s


def _outbox_s(files: Sequence[Path], ae_title: str, port: int, root: Path) -> float:
    """From the first row read to the last one written; queued before, as they were delivered."""
    peer = Peer(ae_title, "127.0.0.1", port, commitment=False)
    node = Node("bench", "GATEWAY", "127.0.0.1", 0, {ae_title: peer})
    clock = SystemClock()
    with closing(NodeDatabase(root)) as database:
        outbox = Outbox(database)
        made = [outgoing_object(path, path.read_bytes()) for path in files]
        outbox.queue(ae_title, made, clock.now_ns())
        work = SendingWork(node, outbox, clock)
        started_s = time.perf_counter()
        while outbox.due_destinations(clock.now_ns()):
            work.work(ae_title)
        spent_s = time.perf_counter() - started_s
        assert {row.state for row in outbox.rows()} == {State.DONE}
    return spent_s


def _copies(source: Path, folder: Path, count: int) -> list[Path]:
    """So many objects of one content, each with a UID of its own."""
    folder.mkdir(exist_ok=True)
    dataset = dcmread(source)
    paths = []
    for number in range(count):
        dataset.SOPInstanceUID = derived_uid(source.name, str(number))
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        paths.append(folder / f"{number}.dcm")
        dataset.save_as(paths[-1])
    return paths
