"""Steps that are wanted are performed one beam at a time; what waits to be told waits aside."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.steps import Phase, Step, Steps
from gateway.app.node.jobs import Job, Outcome
from gateway.app.node.room import Progress
from gateway.app.node.worklist_performer import Performer
from gateway.app.node.worklist_worker import WorklistWorker
from gateway.domain.errors import LinkLost
from gateway.domain.worklist import Performed, StepState, WorkItem
from tests.worklist.builders import STATION, step, work_item
from tests.worklist.fakes import COMPLETE, FakeOutputs, FakePreparation, FakeRoom
from tests.worklist.waiting import until

LIMIT_S = 20.0
POLL_S = 0.02


class Manager:
    """Grants everything; ``away`` are steps whose final update does not reach it."""

    def __init__(self) -> None:
        self.away: set[str] = set()
        self.claimed: list[str] = []
        self.closed: list[tuple[str, StepState]] = []

    def query(self, query: object) -> list[WorkItem]:
        uid = query.sop_instance_uid  # type: ignore[attr-defined]
        return [replace(work_item(), sop_instance_uid=uid)]

    def get(self, uid: str) -> WorkItem:
        return replace(work_item(), sop_instance_uid=uid, state="IN PROGRESS")

    def claim(self, uid: str, transaction_uid: str) -> None:
        self.claimed.append(uid)

    def close(self, uid: str, transaction_uid: str, state: StepState) -> None:
        self.closed.append((uid, state))

    def tell_progress(self, *_: object) -> None:
        pass

    def tell_performed(self, uid: str, transaction_uid: str, performed: Performed) -> None:
        if uid in self.away:
            raise LinkLost("TMS cannot be reached")

    def subscribe(self, uid: str) -> None:
        pass

    def unsubscribe(self, uid: str) -> None:
        pass


class OneAtATime(FakeRoom):
    """A room that notices if two deliveries are under way."""

    def __init__(self) -> None:
        super().__init__(lambda _: None)
        self.running = 0
        self.most = 0

    async def deliver(self, job: Job, progress: Progress) -> Outcome:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(POLL_S)
        self.running -= 1
        self.delivered[job.request_id] = outcome = Outcome(f"D{job.item}", "", COMPLETE)
        return outcome


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    return Steps(NodeDatabase(tmp_path))


def performer(steps: Steps, manager: Manager, room: OneAtATime) -> Performer:
    uids = iter(range(10**6))
    return Performer(
        station=STATION,
        steps=steps,
        manager=manager,
        preparation=FakePreparation(lambda _: None),  # type: ignore[arg-type]
        room=room,
        record=room,
        outputs=FakeOutputs(lambda _: None),
        clock=SystemClock(),
        settle_s=1.0,
        new_uid=lambda: f"2.25.{next(uids)}",
        poll_s=POLL_S,
    )


def worked(worker: WorklistWorker, reached: Callable[[], bool]) -> None:
    """Let the worker run until it is so."""

    async def work() -> None:
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(LIMIT_S):
            await asyncio.to_thread(until, reached)
        running.cancel()
        await asyncio.wait((running,))

    asyncio.run(work())


def phases(steps: Steps) -> dict[str, Phase]:
    return {one.sop_instance_uid: one.phase for one in steps.rows()}


def wanted(steps: Steps, *uids: str) -> list[Step]:
    made = [step(sop_instance_uid=uid, changed_ns=place) for place, uid in enumerate(uids)]
    for one in made:
        assert steps.want(one)
    return made


def test_all_that_is_wanted_is_performed_in_turn(steps: Steps) -> None:
    manager, room = Manager(), OneAtATime()
    wanted(steps, "1.1", "1.2", "1.3")
    worked(
        WorklistWorker(performer(steps, manager, room)),
        lambda: set(phases(steps).values()) == {Phase.COMPLETED},
    )
    assert manager.claimed == ["1.1", "1.2", "1.3"]
    assert room.most == 1


def test_a_step_that_waits_to_be_told_holds_no_other_up(steps: Steps) -> None:
    manager, room = Manager(), OneAtATime()
    manager.away.add("1.1")
    wanted(steps, "1.1", "1.2")
    worked(
        WorklistWorker(performer(steps, manager, room)),
        lambda: phases(steps)["1.2"] is Phase.COMPLETED,
    )
    waiting = steps.get("1.1")
    assert waiting is not None
    assert (waiting.phase, waiting.waiting) == (Phase.REPORTING, "TMS cannot be reached")


def test_what_was_under_way_is_concluded_and_not_begun(steps: Steps) -> None:
    manager, room = Manager(), OneAtATime()
    for one, phase in zip(
        wanted(steps, "1.1", "1.2", "1.3"),
        (Phase.CLAIMING, Phase.CLAIMED, Phase.DELIVERING),
        strict=True,
    ):
        steps.save(replace(one, phase=phase, transaction_uid="2.25.9"))
    worked(
        WorklistWorker(performer(steps, manager, room)),
        lambda: set(phases(steps).values()) == {Phase.CANCELED},
    )
    assert manager.claimed == []
    assert room.delivered == {}
    assert {state for _, state in manager.closed} == {StepState.CANCELED}


def test_other_rooms_steps_are_left_alone(steps: Steps) -> None:
    steps.want(step(sop_instance_uid="2.1", room="elsewhere"))
    wanted(steps, "1.1")
    worked(
        WorklistWorker(performer(steps, Manager(), OneAtATime())),
        lambda: phases(steps)["1.1"] is Phase.COMPLETED,
    )
    assert phases(steps)["2.1"] is Phase.WANTED
