"""Whatever happens, and in whatever order: nothing is forgotten, and nothing arrives as two."""

import random
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import CommitmentAnswer, OutboxItem, State
from gateway.app.node.sending_work import SendingWork
from gateway.domain.units import NS_PER_S
from tests.outbox.archives import OUT_OF_RESOURCES, SUCCESS, Archive, Killed
from tests.outbox.builders import ARCHIVE, Clock, node, objects

POINTS = (
    "connected",
    "before store",
    "after store",
    "before commit",
    "after commit",
    "lingering",
    "released",
)
ENOUGH_ROUNDS = 200


class Sending(RuleBasedStateMachine):
    """An outbox whose sender is killed, and an archive that is of no help."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.clock = Clock()
        self.archive = Archive(takes_no_twice=False)
        self.database = NodeDatabase(self.root / "node")
        self.outbox = Outbox(self.database)
        self.queued: set[str] = set()
        self.promised: set[str] = set()
        self.answers: list[CommitmentAnswer] = []
        self.transactions = 0

    def teardown(self) -> None:
        self._recover()
        self.database.close()
        self.folder.cleanup()

    @rule(count=st.integers(1, 3))
    def queue(self, count: int) -> None:
        made = objects(self.root / "files", count, len(self.queued))
        assert self.outbox.queue(ARCHIVE, made, self.clock.ns) == count
        self.queued.update(one.sop_instance_uid for one in made)

    @precondition(lambda self: self.queued)
    @rule()
    def queue_again(self) -> None:
        made = objects(self.root / "files", len(self.queued))
        assert self.outbox.queue(ARCHIVE, made, self.clock.ns) == 0

    @rule(seconds=st.sampled_from([0, 1, 30, 600, 7_200]))
    def time_passes(self, seconds: int) -> None:
        self.clock.ns += seconds * NS_PER_S

    @rule(down=st.booleans(), full=st.booleans(), picky=st.booleans())
    def archive_changes(self, down: bool, full: bool, picky: bool) -> None:
        self.archive.down = down
        self.archive.status = lambda _: OUT_OF_RESOURCES if full else SUCCESS
        self.archive.takes_no_twice = picky

    @rule(seed=st.integers(0, 2**16))
    def archive_forgets(self, seed: int) -> None:
        """Only what it has not promised to keep: that is what commitment is for."""
        chance = random.Random(seed)
        for uid in sorted(set(self.archive.kept) - self.promised):
            if chance.random() < 0.5:
                del self.archive.kept[uid]

    @rule(point=st.sampled_from(["", *POINTS]), times=st.integers(1, 4))
    def work(self, point: str, times: int) -> None:
        """A round, with the process killed as something happens for the n-th time."""
        left = [times]

        def at(what: str) -> None:
            left[0] -= what == point
            if not left[0]:
                left[0] = -1
                raise Killed

        self.archive.at = at
        try:
            for destination in self.outbox.due_destinations(self.clock.ns):
                self._sender().work(destination)
        except Killed:
            self.database.close()
            self.database = NodeDatabase(self.root / "node")
            self.outbox = Outbox(self.database)

    @rule()
    def archive_decides(self) -> None:
        """Its answers are on the way."""
        decided = self.archive.answers()
        self.answers += decided
        self.promised.update(*(answer.succeeded for answer in decided))

    @precondition(lambda self: self.answers)
    @rule(which=st.integers(0, 2**16), twice=st.booleans())
    def answer_arrives(self, which: int, twice: bool) -> None:
        place = which % len(self.answers)
        answer = self.answers[place] if twice else self.answers.pop(place)
        assert self.outbox.committed(answer, self.clock.ns)

    @invariant()
    def nothing_is_forgotten(self) -> None:
        rows = self.outbox.rows()
        assert {row.sop_instance_uid for row in rows} == self.queued
        assert len(rows) == len(self.queued)

    @invariant()
    def done_is_kept_there(self) -> None:
        done = {one.sop_instance_uid for one in self._rows(State.DONE)}
        assert done <= set(self.archive.kept)

    @invariant()
    def nothing_is_there_as_two(self) -> None:
        assert all(len(contents) == 1 for contents in self.archive.contents.values())

    def _recover(self) -> None:
        """With an archive that works, everything arrives."""
        self.archive.at = lambda _: None
        self.archive.down = False
        self.archive.status = lambda _: SUCCESS
        for _ in range(ENOUGH_ROUNDS):
            for destination in self.outbox.due_destinations(self.clock.ns):
                self._sender().work(destination)
            self.archive.report(self.outbox, self.clock.ns)
            self.clock.ns += 60 * NS_PER_S
        assert {row.state for row in self.outbox.rows()} <= {State.DONE}
        self.done_is_kept_there()
        self.nothing_is_there_as_two()

    def _rows(self, state: State) -> list[OutboxItem]:
        return [row for row in self.outbox.rows() if row.state is state]

    def _sender(self) -> SendingWork:
        return SendingWork(node(), self.outbox, self.clock, self.archive.connect, self._uid)

    def _uid(self) -> str:
        self.transactions += 1
        return f"2.25.{self.transactions}"


Sending.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestSending = Sending.TestCase
