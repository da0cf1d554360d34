"""A management system without a network, a room without a beam: what happens, and fails, as told.

The management system is the simulated one's own state machine.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydicom import Dataset

from gateway.adapters.nodestore.steps import Step, Steps
from gateway.app.node.jobs import Job, Outcome
from gateway.app.node.room import Progress as RoomProgress
from gateway.app.node.worklist_checks import Remainder
from gateway.app.node.worklist_preparation import Prepared
from gateway.dicom.ups.changes import final_update, progress_update, state_change
from gateway.dicom.ups.query import WorklistQuery
from gateway.dicom.ups.statuses import is_done
from gateway.dicom.ups.work_item import read_work_item
from gateway.domain.findings import Finding
from gateway.domain.worklist import (
    OutputObject,
    Performed,
    Progress,
    StepRefused,
    StepState,
    WorkItem,
)
from simulators.tms.worklist import Reply, Rules, Worklist
from tests.tms.builders import step as scheduled

UID = "1.2.3"
MU = 50.0
COMPLETE = {"state": "complete", "verdict": "pass", "beams": []}
OUTPUT = OutputObject("1.2.840.10008.5.1.4.1.1.481.4", "9.1", "9.2", "9.3")
NOW = datetime(2026, 3, 4, tzinfo=UTC)

RULES = Rules((), grants_locks=True, clock=lambda: NOW)


class Killed(BaseException):
    """The program ends here."""


Trouble = Callable[[str], None]
"""Told before and after everything that happens ("claim", "claim answered"); may raise."""


@dataclass
class FakeManager:
    """Requests go straight to the simulated worklist; ``claims`` are those it granted."""

    trouble: Trouble
    worklist: Worklist = field(default_factory=lambda: Worklist(RULES, lambda _: None))
    claims: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        created = self.worklist.create(UID, scheduled())
        assert is_done(created.status) or created.status == 0xB300, created.comment

    @property
    def state(self) -> StepState:
        return StepState(self.worklist.item(UID).state)

    def query(self, query: WorklistQuery) -> list[WorkItem]:
        with self._exchange("query"):
            dataset = self.worklist.item(UID).dataset
            return [read_work_item(dataset)] if self.state == query.state else []

    def get(self, uid: str) -> WorkItem:
        with self._exchange("get"):
            return read_work_item(self.worklist.item(uid).dataset)

    def claim(self, uid: str, transaction_uid: str) -> None:
        information = state_change(StepState.IN_PROGRESS, transaction_uid)
        with self._exchange("claim"):
            self._done(self.worklist.change_state(uid, information))
            self.claims.append(transaction_uid)

    def close(self, uid: str, transaction_uid: str, state: StepState) -> None:
        with self._exchange("close"):
            self._done(self.worklist.change_state(uid, state_change(state, transaction_uid)))

    def tell_progress(self, uid: str, transaction_uid: str, progress: Progress) -> None:
        self._set("progress", uid, progress_update(progress, transaction_uid))

    def tell_performed(self, uid: str, transaction_uid: str, performed: Performed) -> None:
        self._set("performed", uid, final_update(performed, transaction_uid))

    def subscribe(self, uid: str) -> None:
        with self._exchange("subscribe"):
            pass

    def unsubscribe(self, uid: str) -> None:
        with self._exchange("unsubscribe"):
            pass

    def _set(self, what: str, uid: str, update: Dataset) -> None:
        with self._exchange(what):
            self._done(self.worklist.set(uid, update))

    @contextmanager
    def _exchange(self, what: str) -> Iterator[None]:
        self.trouble(what)
        yield
        self.trouble(f"{what} answered")

    def _done(self, reply: Reply) -> None:
        if not is_done(reply.status):
            raise StepRefused(reply.status, f"TMS refuses: 0x{reply.status:04X}", reply.comment)


@dataclass
class FakeRoom:
    """Delivers each request once, or finds ``refuses`` a reason not to; also its own record."""

    trouble: Trouble
    refuses: str = ""
    room: str = "truebeam-m120"
    summary: dict[str, Any] = field(default_factory=lambda: dict(COMPLETE))
    delivered: dict[str, Outcome] = field(default_factory=dict)
    beams: int = 0

    async def deliver(self, job: Job, progress: RoomProgress) -> Outcome:
        self.trouble("deliver")
        if job.request_id not in self.delivered:
            if self.refuses:
                return Outcome("", self.refuses, None)
            self.beams += 1
            self.delivered[job.request_id] = Outcome("D1", "", self.summary)
            progress(1, MU / 2, MU)
            progress(1, MU, MU)
        self.trouble("deliver answered")
        return self.delivered[job.request_id]

    def abort(self, item: str) -> bool:
        return True

    def outcome(self, request_id: str) -> Outcome | None:
        return self.delivered.get(request_id)

    def remainder(self, plan_uid: str, fraction_group: int, fraction: int) -> Remainder | None:
        return None

    def findings(self, plan: Path, fraction_group: int) -> Sequence[Finding]:
        return ()


@dataclass
class FakePreparation:
    """Everything is as it should be."""

    trouble: Trouble

    def look_at(self, item: WorkItem) -> None:
        self.trouble("look")

    def prepare(self, step: Step, item: WorkItem) -> Prepared:
        self.trouble("prepare")
        job = Job(step.sop_instance_uid, Path("plan.dcm"), step.request_id)
        return Prepared(job, {1: (0.0, MU)})


@dataclass
class FakeOutputs:
    """One object, that an archive has at once."""

    trouble: Trouble

    def queue(self, delivery_id: str) -> tuple[OutputObject, ...]:
        self.trouble("queue")
        return (OUTPUT,)

    def kept(self, objects: Sequence[OutputObject]) -> tuple[OutputObject, ...]:
        return tuple(
            OutputObject(
                one.sop_class_uid,
                one.sop_instance_uid,
                one.study_instance_uid,
                one.series_instance_uid,
                ("OST",),
            )
            for one in objects
        )

    def settled(self, objects: Sequence[OutputObject]) -> bool:
        self.trouble("settle")
        return True


class TroubledSteps(Steps):
    """Steps whose saving is a place for trouble."""

    trouble: Trouble = staticmethod(lambda _: None)

    def save(self, step: Step) -> None:
        self.trouble(f"save {step.phase}")
        super().save(step)
        self.trouble(f"saved {step.phase}")
