"""From the queue to the room and back: in order, once each, and answered before forgotten."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.room_queue import (
    DELIVERED,
    REFUSED,
    QueuedPlan,
    RoomQueue,
)
from gateway.app.node.jobs import Job, Outcome
from gateway.app.node.pipeline import Pipeline, delivering_peers
from gateway.app.node.room import Progress
from gateway.dicom.sop_classes import RT_IMAGE, RT_PLAN
from gateway.domain.node import Node, Peer, Policy

ROOMS = {"PLANNER": "here", "OTHER": "elsewhere"}
INSERT = "INSERT INTO objects VALUES (?, ?, '', '', '', '', '', '', '{}', ?, '', 1, ?, ?, '[]')"


@dataclass
class Room:
    """Keeps what was asked; refuses what it is told to."""

    room: str = "here"
    refuses: tuple[str, ...] = ()
    jobs: list[Job] = field(default_factory=list)

    async def deliver(self, job: Job, progress: Progress) -> Outcome:
        self.jobs.append(job)
        if job.plan.name in self.refuses:
            return Outcome("", "it cannot be delivered", None)
        return Outcome(f"D{job.item}", "", {})


@pytest.fixture
def database(tmp_path: Path) -> NodeDatabase:
    return NodeDatabase(tmp_path)


def store(database: NodeDatabase, *objects: tuple[str, str, str, str]) -> None:
    """(uid, class, calling AE, state) in the order received."""
    with database.transaction() as connection:
        for received, (uid, sop_class, caller, state) in enumerate(objects):
            connection.execute(INSERT, (uid, sop_class, caller, received, state))


def node() -> Node:
    peers = {
        "PLANNER": Peer("PLANNER", "localhost", 104, Policy.DELIVER, room="here"),
        "OTHER": Peer("OTHER", "localhost", 104, Policy.DELIVER, room="elsewhere"),
        "ARCHIVE": Peer("ARCHIVE", "localhost", 104, room="here"),
    }
    return Node("test", "GATEWAY", "localhost", 0, peers)


def pipeline(database: NodeDatabase, room: Room, sent: list[tuple[str, str]]) -> Pipeline:
    def send_back(delivery_id: str, requester: str) -> int:
        sent.append((delivery_id, requester))
        return 1

    return Pipeline(node(), RoomQueue(database), room, Path, send_back, SystemClock())


def test_only_valid_plans_of_delivering_peers_are_queued_and_once(database: NodeDatabase) -> None:
    store(
        database,
        ("1", RT_PLAN, "PLANNER", "valid"),
        ("2", RT_PLAN, "PLANNER", "invalid"),
        ("3", RT_PLAN, "ARCHIVE", "valid"),
        ("4", RT_IMAGE, "PLANNER", "valid"),
        ("5", RT_PLAN, "OTHER", "valid"),
        ("6", RT_PLAN, "PLANNER", "received"),
    )
    queue = RoomQueue(database)
    rooms = delivering_peers(node(), "here")
    assert rooms == {"PLANNER": "here"}
    assert [queue.take_in(rooms, 1), queue.take_in(rooms, 2)] == [1, 0]
    assert [plan.sop_instance_uid for plan in queue.rows()] == ["1"]


def test_plans_are_delivered_in_order_and_answered(database: NodeDatabase) -> None:
    store(database, *((uid, RT_PLAN, "PLANNER", "valid") for uid in ("b", "a", "c")))
    room, sent = Room(refuses=("a",)), list[tuple[str, str]]()
    asyncio.run(run_until_idle(pipeline(database, room, sent), room, 3))
    assert [job.plan.name for job in room.jobs] == ["b", "a", "c"]
    assert len({job.request_id for job in room.jobs}) == 3
    rows = RoomQueue(database).rows()
    assert [row.state for row in rows] == [DELIVERED, REFUSED, DELIVERED]
    assert rows[1].reason == "it cannot be delivered"
    assert sent == [(rows[0].delivery_id, "PLANNER"), (rows[2].delivery_id, "PLANNER")]


async def run_until_idle(line: Pipeline, room: Room, jobs: int) -> None:
    running = asyncio.create_task(line.run())
    async with asyncio.timeout(30):
        while len(room.jobs) < jobs or await asyncio.to_thread(line.queue.next, "here"):
            await asyncio.wait((running,), timeout=0.01)
    running.cancel()
    await asyncio.wait((running,))


def test_what_was_begun_is_asked_for_again_under_the_same_name(database: NodeDatabase) -> None:
    store(database, ("1", RT_PLAN, "PLANNER", "valid"), ("2", RT_PLAN, "PLANNER", "valid"))
    queue, room = RoomQueue(database), Room()
    queue.take_in({"PLANNER": "here"}, 1)
    first = queue.next("here")
    assert first is not None
    queue.began(first.item, 2)
    again = RoomQueue(NodeDatabase(database.root)).next("here")
    assert again is not None
    assert again.request_id == first.request_id
    asyncio.run(drop(pipeline(database, room, []), again))
    following = queue.next("here")
    assert following is not None
    assert following.sop_instance_uid == "2"


async def drop(line: Pipeline, plan: QueuedPlan) -> None:
    await line.deliver(plan)
