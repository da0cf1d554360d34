"""Any order of requests on the worklist, against a model that knows states and holders only."""

from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from pydicom import Dataset

from simulators.tms.data import item, text
from simulators.tms.events import EventType, Report
from simulators.tms.uids import UPS_GLOBAL
from simulators.tms.worklist import Rules, Worklist
from tests.tms.builders import NOW, claim, discontinued, performed, progress, step

TRANSACTIONS = st.sampled_from(["1.2.1", "1.2.2", ""])
WATCHERS = st.sampled_from(["WATCH1", "WATCH2"])


class Requests(RuleBasedStateMachine):
    """Steps, claims, updates, cancellations and subscriptions."""

    steps: ClassVar[Bundle[str]] = Bundle("steps")

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Report] = []
        rules = Rules({"WATCH1", "WATCH2"}, grants_locks=True, clock=lambda: NOW)
        self.worklist = Worklist(rules, self.told.append)
        self.states: dict[str, str] = {}
        self.holders: dict[str, str] = {}
        self.ready: dict[str, set[str]] = {}
        self.listeners: dict[str, set[str]] = {}
        self.standing: set[str] = set()

    @rule(target=steps)
    def create(self) -> str:
        uid = f"1.2.9.{len(self.states) + 1}"
        assert self.worklist.create(uid, step()).status == 0x0000
        assert self.worklist.create(uid, step()).status == 0x0111
        self.states[uid] = "SCHEDULED"
        self.ready[uid] = set()
        self.listeners[uid] = set(self.standing)
        self._expect(uid, "SCHEDULED", self.listeners[uid])
        return uid

    @rule(uid=steps, transaction=TRANSACTIONS)
    def claim(self, uid: str, transaction: str) -> None:
        before = self.states[uid]
        status = self._change(uid, "IN PROGRESS", transaction)
        if not transaction:
            assert status == 0xC301
        elif before == "SCHEDULED":
            assert status == 0x0000
            self.states[uid], self.holders[uid] = "IN PROGRESS", transaction
            self._expect(uid, "IN PROGRESS", self.listeners[uid])
        else:
            assert status == (0xC302 if before == "IN PROGRESS" else 0xC300)

    @rule(uid=steps, transaction=TRANSACTIONS, kind=st.sampled_from(["done", "broken", "going"]))
    def update(self, uid: str, transaction: str, kind: str) -> None:
        update = {"done": performed, "broken": discontinued, "going": _going}[kind](transaction)
        if not transaction:
            update.pop("TransactionUID", None)
        status = self.worklist.set(uid, update).status
        state = self.states[uid]
        if state in ("COMPLETED", "CANCELED"):
            assert status == 0xC300
        elif state == "SCHEDULED":
            assert status == 0xC310
        elif transaction != self.holders[uid]:
            assert status == 0xC301
        else:
            assert status == 0x0000
            self.ready[uid].discard("broken" if kind == "going" else "")
            self.ready[uid].add(kind)

    @rule(uid=steps, transaction=TRANSACTIONS, final=st.sampled_from(["COMPLETED", "CANCELED"]))
    def finish(self, uid: str, transaction: str, final: str) -> None:
        before, holder = self.states[uid], self.holders.get(uid, "")
        status = self._change(uid, final, transaction)
        needed = "done" if final == "COMPLETED" else "broken"
        if not transaction or (holder and transaction != holder):
            assert status == 0xC301
        elif before == "SCHEDULED":
            assert status == 0xC310
        elif before == "IN PROGRESS":
            assert status == (0x0000 if needed in self.ready[uid] else 0xC304)
            if status == 0x0000:
                self.states[uid] = final
                self._expect(uid, final, self.listeners[uid])
        elif before == final:
            assert status == (0xB306 if final == "COMPLETED" else 0xB304)
        else:
            assert status == 0xC300

    @rule(uid=steps)
    def cancel(self, uid: str) -> None:
        status = self.worklist.request_cancel(uid, Dataset(), "CLERK").status
        before = self.states[uid]
        if before == "SCHEDULED":
            assert status == 0x0000
            self.states[uid] = "CANCELED"
            self._expect(uid, "CANCELED", self.listeners[uid])
        elif before == "IN PROGRESS":
            assert status == (0x0000 if self.listeners[uid] else 0xC312)
            asked = {r.receiver for r in self.told if r.event_type == EventType.CANCEL_REQUESTED}
            assert asked == self.listeners[uid]
        else:
            assert status == (0xC311 if before == "COMPLETED" else 0xB304)

    @rule(uid=steps, watcher=WATCHERS)
    def watch(self, uid: str, watcher: str) -> None:
        assert self.worklist.subscribe(uid, _watcher(watcher)).status == 0x0000
        self.listeners[uid].add(watcher)
        self._expect(uid, self.states[uid], {watcher})

    @rule(uid=steps, watcher=WATCHERS)
    def unwatch(self, uid: str, watcher: str) -> None:
        assert self.worklist.unsubscribe(uid, _watcher(watcher)).status == 0x0000
        self.listeners[uid].discard(watcher)

    @rule(watcher=WATCHERS)
    def watch_all(self, watcher: str) -> None:
        assert self.worklist.subscribe(UPS_GLOBAL, _watcher(watcher)).status == 0x0000
        self.standing.add(watcher)
        for listeners in self.listeners.values():
            listeners.add(watcher)
        assert {report.instance_uid for report in self.told} == set(self.states)

    @rule(watcher=WATCHERS)
    def suspend(self, watcher: str) -> None:
        assert self.worklist.suspend(UPS_GLOBAL, _watcher(watcher)).status == 0x0000
        self.standing.discard(watcher)

    @rule(watcher=WATCHERS)
    def unwatch_all(self, watcher: str) -> None:
        assert self.worklist.unsubscribe(UPS_GLOBAL, _watcher(watcher)).status == 0x0000
        self.standing.discard(watcher)
        for listeners in self.listeners.values():
            listeners.discard(watcher)

    @invariant()
    def states_are_those_of_the_model(self) -> None:
        assert {uid: str(self.worklist.item(uid).state) for uid in self.states} == self.states
        self.told.clear()

    @invariant()
    def the_transaction_is_a_secret(self) -> None:
        for uid in self.states:
            assert "TransactionUID" not in self.worklist.get(uid, []).dataset

    def _change(self, uid: str, wanted: str, transaction: str) -> int:
        information = claim(transaction, wanted)
        if not transaction:
            del information.TransactionUID
        return self.worklist.change_state(uid, information).status

    def _expect(self, uid: str, state: str, receivers: set[str]) -> None:
        """Who was told last that the step is in ``state``."""
        told = [r for r in self.told if r.event_type == EventType.STATE_REPORT]
        here = [r for r in told if r.instance_uid == uid]
        last = {r.receiver: text(r.dataset, "ProcedureStepState") for r in here}
        assert last == dict.fromkeys(receivers, state)


def _going(transaction: str) -> Dataset:
    return progress(10, transaction)


def _watcher(title: str) -> Dataset:
    return item(ReceivingAE=title, DeletionLock="FALSE")


TestRequests = Requests.TestCase
TestRequests.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
