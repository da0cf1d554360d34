"""From the queue to the room and back: in order, once each, and answered before forgotten."""

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.adapters.clock import SimulatedClock
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.room_queue import (
    DELIVERED,
    DELIVERING,
    QUEUED,
    REFUSED,
    QueuedPlan,
    RoomQueue,
)
from gateway.app.node.jobs import UNFINISHED, Job, Outcome
from gateway.app.node.pipeline import LONGEST_WAIT_S, Pipeline
from gateway.app.node.room import Progress
from gateway.domain.errors import LinkLost
from gateway.timeloop import run

FINISHED = {"state": "complete", "verdict": "pass"}
UNCERTAIN = Outcome("D1", "its meterset is not certain", {"state": "unresolved"})
BUSY = Outcome("", "another process writes the record", None, again=True)


@dataclass
class Room:
    """Keeps what was asked; refuses what it is told to, and answers first what it is told to."""

    room: str = "here"
    refuses: tuple[str, ...] = ()
    first: dict[str, list[Outcome | Exception]] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)

    async def deliver(self, job: Job, progress: Progress) -> Outcome:
        self.jobs.append(job)
        if answers := self.first.get(job.plan.name):
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        if job.plan.name in self.refuses:
            return Outcome("", "it cannot be delivered", None)
        return Outcome(f"D{job.item}", "", FINISHED)

    @property
    def asked(self) -> list[str]:
        return [job.plan.name for job in self.jobs]


@pytest.fixture
def database(tmp_path: Path) -> NodeDatabase:
    return NodeDatabase(tmp_path)


def wanted(database: NodeDatabase, *uids: str, room: str = "here") -> RoomQueue:
    queue = RoomQueue(database)
    for uid in uids:
        assert queue.want(uid, "PLANNER", room, 1)
    return queue


def work(queue: RoomQueue, room: Room) -> list[tuple[str, str]]:
    """Deliver in simulated time until nothing is left of the room's queue; what was sent back."""
    sent: list[tuple[str, str]] = []

    def send_back(delivery_id: str, requester: str) -> int:
        sent.append((delivery_id, requester))
        return 1

    async def until_idle() -> None:
        clock = SimulatedClock(0, asyncio.get_running_loop().time)
        line = Pipeline(queue, room, Path, send_back, clock)
        running = asyncio.create_task(line.run())
        while await asyncio.to_thread(queue.next, room.room) is not None:
            await asyncio.wait((running,), timeout=0.1)
            assert not running.done(), running
        running.cancel()
        await asyncio.wait((running,))

    run(until_idle(), None)
    return sent


def test_a_plan_is_queued_once_and_again_only_where_it_was_refused(database: NodeDatabase) -> None:
    queue = wanted(database, "1", "2")
    assert not queue.want("1", "OTHER", "here", 2)
    queue.refused(1, "its room is busy", 3)
    assert queue.want("1", "PLANNER", "here", 4)
    assert not queue.want("1", "PLANNER", "here", 5)
    queue.delivered(3, "D3", "", 6)
    assert not queue.want("1", "PLANNER", "here", 7)
    assert [(row.item, row.sop_instance_uid, row.state) for row in queue.rows()] == [
        (1, "1", REFUSED),
        (2, "2", QUEUED),
        (3, "1", DELIVERED),
    ]
    assert len({row.request_id for row in queue.rows()}) == 3


def test_plans_are_delivered_in_order_and_answered(database: NodeDatabase) -> None:
    queue, room = wanted(database, "b", "a", "c"), Room(refuses=("a",))
    wanted(database, "z", room="elsewhere")
    sent = work(queue, room)
    assert room.asked == ["b", "a", "c"]
    assert len({job.request_id for job in room.jobs}) == 3
    rows = queue.rows()
    assert [row.state for row in rows] == [DELIVERED, REFUSED, DELIVERED, QUEUED]
    assert rows[1].reason == "it cannot be delivered"
    assert sent == [("D1", "PLANNER"), ("D3", "PLANNER")]


def test_what_was_begun_is_asked_for_again_under_the_same_name(database: NodeDatabase) -> None:
    queue, room = wanted(database, "1", "2"), Room()
    first = queue.next("here")
    assert first is not None
    queue.began(first.item, 2)
    again = RoomQueue(NodeDatabase(database.root)).next("here")
    assert again is not None
    assert again.request_id == first.request_id
    work(queue, room)
    assert room.jobs[0].request_id == first.request_id
    assert room.asked == ["1", "2"]


@pytest.mark.parametrize(
    ("answer", "state", "delivery_id", "reason"),
    [
        (UNCERTAIN, DELIVERING, "D1", "its meterset is not certain"),
        (Outcome("D1", "", {"state": "complete"}), DELIVERING, "D1", UNFINISHED),
        (BUSY, QUEUED, "", "another process writes the record"),
        (LinkLost("the room process ended"), QUEUED, "", "the room process ended"),
    ],
)
def test_what_is_not_certain_or_not_possible_now_waits_and_holds_up_nothing(
    database: NodeDatabase, answer: Outcome | Exception, state: str, delivery_id: str, reason: str
) -> None:
    queue, seen = wanted(database, "1", "2"), list[QueuedPlan]()
    room = Room(first={"1": [answer, answer, answer]})

    class Watching(RoomQueue):
        def waits(self, item: int, delivery_id: str, reason: str, now_ns: int) -> None:
            super().waits(item, delivery_id, reason, now_ns)
            seen.append(self.rows()[item - 1])

    sent = work(Watching(database), room)
    assert room.asked == ["1", "2", "1", "1", "1"]
    assert {job.request_id for job in room.jobs if job.plan.name == "1"} == {seen[0].request_id}
    assert [(row.state, row.delivery_id, row.reason) for row in seen] == [
        (state, delivery_id, reason)
    ] * 3
    assert sent == [("D2", "PLANNER"), ("D1", "PLANNER")]
    assert [(row.state, row.reason) for row in queue.rows()] == [(DELIVERED, ""), (DELIVERED, "")]


def test_a_wait_is_never_long(database: NodeDatabase) -> None:
    """A delivery that people have resolved is answered soon."""
    queue, room = wanted(database, "1"), Room(first={"1": [UNCERTAIN] * 20})
    asked_s: list[float] = []
    deliver = room.deliver

    async def timed(job: Job, progress: Progress) -> Outcome:
        asked_s.append(asyncio.get_running_loop().time())
        return await deliver(job, progress)

    room.deliver = timed  # type: ignore[method-assign]
    work(queue, room)
    waits_s = [later - sooner for sooner, later in pairwise(asked_s)]
    assert len(waits_s) == 20
    assert max(waits_s) <= LONGEST_WAIT_S + 1.0
