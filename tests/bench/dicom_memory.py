"""Whether the node's memory grows with the number of objects that it was sent."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import processes
from tests.bench.dicom_receive import send
from tests.bench.figure import Better, Figure
from tests.bench.plans import one_arc
from tests.bench.receivers import guarded_node

SENDERS, WARMING, OBJECTS = 2, 250, 1000
"""Objects of each sender: before memory is looked at first, and from then to the second look."""
JUDGED = 100
GROWS_AT_MOST = 1.05
"""What an allocator may hold that it could give back."""


def memory_figures(folder: Path) -> Iterable[Figure]:
    """Memory of all processes of the node after many plans, over that after some."""
    plan = one_arc(folder)
    with TemporaryDirectory(dir=folder) as there, guarded_node(Path(there)) as node:
        send(node, plan, SENDERS, WARMING, "SENDER")
        send(node, plan, SENDERS, JUDGED, "REFUSED")
        before = processes.resident_bytes()
        send(node, plan, SENDERS, OBJECTS, "SENDER")
        send(node, plan, SENDERS, JUDGED, "REFUSED")
        after = processes.resident_bytes()
    yield Figure(
        "memory of the node, 2,200 plans later",
        after / before,
        "of what it was",
        Better.LOWER,
        GROWS_AT_MOST,
        {
            "before_mib": before / 2**20,
            "grown_mib": (after - before) / 2**20,
            "objects": SENDERS * (OBJECTS + JUDGED),
            "of_them_validated_first": SENDERS * JUDGED,
        },
    )
