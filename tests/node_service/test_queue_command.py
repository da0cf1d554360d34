"""The ``queue`` command: what peers sent to be delivered, and why it is not yet."""

from contextlib import closing
from pathlib import Path

from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.room_queue import RoomQueue
from gateway.cli.node_queue import TITLES
from tests.e2e.command import inside


def test_nothing_was_sent(tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert inside(store, "queue").stdout == "no plan was sent to be delivered\n"
    assert inside(store, "--json", "queue").json == []
    assert not store.exists()


def test_every_plan_says_how_far_it_is(tmp_path: Path) -> None:
    with closing(NodeDatabase(tmp_path / "node")) as database:
        queue = RoomQueue(database)
        for number in range(4):
            queue.want(f"1.2.{number}", "PLANNER", "bunker", 10**9)
        queue.delivered(1, "D1", "", 2 * 10**9)
        queue.waits(2, "D2", "resolve it first", 2 * 10**9)
        queue.refused(3, "MLCX has 80 pairs", 2 * 10**9)
    lines = inside(tmp_path, "queue").stdout.splitlines()
    assert lines[0].split() == list(TITLES)
    assert [line.split()[:6] for line in lines[1:]] == [
        ["1", "PLANNER", "bunker", "1.2.0", "delivered", "D1"],
        ["2", "PLANNER", "bunker", "1.2.1", "delivering", "D2"],
        ["3", "PLANNER", "bunker", "1.2.2", "refused", "-"],
        ["4", "PLANNER", "bunker", "1.2.3", "queued", "-"],
    ]
    assert lines[2].endswith("resolve it first")
    (first, *_) = inside(tmp_path, "--json", "queue").json
    assert (first["item"], first["delivery_id"], first["queued"]) == (
        1,
        "D1",
        "1970-01-01 00:00:01Z",
    )
