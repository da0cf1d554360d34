"""The worklist: Unified Procedure Steps, their operations, and the events these cause.

Nothing here knows of associations: requests come as data sets, events go to a function.
"""

import threading
from collections.abc import Callable, Collection, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime

from pydicom import Dataset

from simulators.tms import events, state, statuses, work_item
from simulators.tms.data import has, is_uid, text
from simulators.tms.events import EventType, Report
from simulators.tms.matching import answered, matches
from simulators.tms.state import State
from simulators.tms.subscriptions import Standing, Subscriptions
from simulators.tms.uids import UPS_FILTERED_GLOBAL, UPS_GLOBAL
from simulators.tms.work_item import Problem, WorkItem

_WELL_KNOWN = frozenset({UPS_GLOBAL, UPS_FILTERED_GLOBAL})


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request: status, data set, and why it was refused."""

    status: int
    dataset: Dataset = field(default_factory=Dataset)
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What this SCP grants. ``receivers`` are the AE titles that it can send events to."""

    receivers: Collection[str]
    grants_locks: bool
    clock: Callable[[], datetime]


class Worklist:
    """Steps by SOP Instance UID. Every method may be called from any thread."""

    def __init__(self, rules: Rules, post: Callable[[Report], None]) -> None:
        self._rules = rules
        self._post = post
        self._items: dict[str, WorkItem] = {}
        self._subscriptions = Subscriptions()
        self._lock = threading.RLock()

    def item(self, uid: str) -> WorkItem:
        """A copy of a step. Raises KeyError where there is none."""
        with self._lock:
            return deepcopy(self._items[uid])

    def uids(self) -> list[str]:
        """The steps there are, in the order of their creation."""
        with self._lock:
            return list(self._items)

    def create(self, uid: str, dataset: Dataset) -> Reply:
        """N-CREATE (CC.2.5)."""
        if not is_uid(uid):
            return Reply(statuses.INVALID_INSTANCE, comment="no valid SOP Instance UID")
        with self._lock:
            if uid in self._items:
                return Reply(statuses.DUPLICATE_INSTANCE, comment="there is a step with this UID")
            if problem := next(work_item.creation_problems(dataset), None):
                return _refused(problem)
            step = work_item.created(dataset, uid, self._rules.clock())
            self._items[uid] = WorkItem(uid, step)
            self._subscriptions.follow(uid, step)
            self._tell(uid, EventType.STATE_REPORT, events.state_report(step))
            if has(step, "ScheduledStationNameCodeSequence"):
                self._tell(uid, EventType.ASSIGNED, events.assigned(step))
            filled = not has(dataset, "WorklistLabel")
            status = statuses.WITH_MODIFICATIONS if filled else statuses.SUCCESS
            return Reply(status, deepcopy(step))

    def find(self, keys: Dataset) -> Iterator[Reply]:
        """C-FIND (CC.2.8): a pending reply for each match, or one that refuses."""
        if comment := work_item.query_problem(keys):
            yield Reply(statuses.IDENTIFIER_MISMATCH, comment=comment)
            return
        with self._lock:
            found = [step.dataset for step in self._items.values() if matches(keys, step.dataset)]
        for step in found:
            yield Reply(statuses.PENDING, deepcopy(answered(keys, step)))

    def get(self, uid: str, tags: Collection[int]) -> Reply:
        """N-GET (CC.2.7): the attributes asked for, or all; never the Transaction UID."""
        with self._lock:
            if (step := self._items.get(uid)) is None:
                return _unknown(uid)
            if not tags:
                return Reply(statuses.SUCCESS, deepcopy(step.dataset))
            part = Dataset()
            for tag in tags:
                if tag in step.dataset:
                    part[tag] = step.dataset[tag]
            lacking = len(part) < len(tags)
            status = statuses.WITHOUT_OPTIONAL if lacking else statuses.SUCCESS
            return Reply(status, deepcopy(part))

    def set(self, uid: str, modifications: Dataset) -> Reply:
        """N-SET (CC.2.6)."""
        with self._lock:
            if (step := self._items.get(uid)) is None:
                return _unknown(uid)
            given = text(modifications, "TransactionUID")
            ruling = state.update(step.state, step.transaction_uid, given)
            if statuses.is_failure(ruling.status):
                return Reply(ruling.status, comment=f"the step is {step.state}")
            if problem := next(work_item.change_problems(modifications, step.state), None):
                return _refused(problem)
            step.dataset = work_item.changed(step.dataset, modifications, self._rules.clock())
            self._tell_of_change(step, modifications)
            return Reply(ruling.status)

    def change_state(self, uid: str, information: Dataset) -> Reply:
        """N-ACTION type 1 (CC.2.1)."""
        with self._lock:
            if (step := self._items.get(uid)) is None:
                return _unknown(uid)
            wanted = text(information, "ProcedureStepState")
            given = text(information, "TransactionUID")
            if given and not is_uid(given):
                return Reply(statuses.INVALID_ARGUMENT, comment="no valid Transaction UID")
            lacking = work_item.unmet(step.dataset, wanted, self._rules.clock())
            ruling = state.change(step.state, wanted, step.transaction_uid, given, lacking)
            if ruling.status == statuses.FINAL_STATE_UNMET:
                return Reply(ruling.status, comment=f"{wanted} lacks {lacking}")
            if not ruling.becomes:
                return Reply(ruling.status, comment=f"the step is {step.state}")
            if ruling.becomes == (State.IN_PROGRESS,):
                step.transaction_uid = given
            self._become(step, ruling.becomes)
            return Reply(ruling.status)

    def request_cancel(self, uid: str, information: Dataset, requesting_ae: str) -> Reply:
        """N-ACTION type 2 (CC.2.2)."""
        with self._lock:
            if (step := self._items.get(uid)) is None:
                return _unknown(uid)
            listeners = self._subscriptions.listeners(uid)
            ruling = state.request_cancel(step.state, len(listeners))
            if ruling.becomes:
                step.dataset = work_item.discontinued(step.dataset, information)
                self._become(step, ruling.becomes)
            elif ruling.status == statuses.SUCCESS:
                told = events.cancel_requested(information, requesting_ae)
                self._tell(uid, EventType.CANCEL_REQUESTED, told)
            return Reply(ruling.status, comment=f"the step is {step.state}")

    def subscribe(self, uid: str, information: Dataset) -> Reply:
        """N-ACTION type 3 (CC.2.3): to a step, to all, or to all that match the keys given."""
        receiver = text(information, "ReceivingAE")
        wanted = text(information, "DeletionLock")
        if refusal := self._unable_to_tell(receiver):
            return refusal
        if wanted not in ("TRUE", "FALSE"):
            return Reply(statuses.INVALID_ARGUMENT, comment="Deletion Lock is TRUE or FALSE")
        lock = wanted == "TRUE" and self._rules.grants_locks
        with self._lock:
            if uid not in self._items and uid not in _WELL_KNOWN:
                return _unknown(uid)
            subscribed = [uid]
            if uid in _WELL_KNOWN:
                standing = Standing(lock, _filter(uid, information))
                steps = [(step.uid, step.dataset) for step in self._items.values()]
                subscribed = self._subscriptions.subscribe_globally(receiver, standing, steps)
            else:
                self._subscriptions.subscribe(uid, receiver, lock=lock)
            for each in subscribed:
                report = events.state_report(self._items[each].dataset)
                self._post(Report(receiver, EventType.STATE_REPORT, each, report))
        refused = wanted == "TRUE" and not lock
        return Reply(statuses.LOCK_NOT_GRANTED if refused else statuses.SUCCESS)

    def unsubscribe(self, uid: str, information: Dataset) -> Reply:
        """N-ACTION type 4 (CC.2.3)."""
        receiver = text(information, "ReceivingAE")
        if refusal := self._unable_to_tell(receiver):
            return refusal
        with self._lock:
            if uid in _WELL_KNOWN:
                self._subscriptions.unsubscribe_globally(receiver)
            elif uid in self._items:
                self._subscriptions.unsubscribe(uid, receiver)
            else:
                return _unknown(uid)
        return Reply(statuses.SUCCESS)

    def suspend(self, uid: str, information: Dataset) -> Reply:
        """N-ACTION type 5 (CC.2.3): only of global subscriptions."""
        receiver = text(information, "ReceivingAE")
        if refusal := self._unable_to_tell(receiver):
            return refusal
        with self._lock:
            if uid in self._items:
                comment = "only global subscriptions are suspended"
                return Reply(statuses.INAPPROPRIATE_ACTION, comment=comment)
            if uid not in _WELL_KNOWN:
                return _unknown(uid)
            self._subscriptions.suspend(receiver)
        return Reply(statuses.SUCCESS)

    def forget_finished(self) -> list[str]:
        """Delete the steps in a final state that nobody locks; returns their UIDs (CC.2.1.3)."""
        with self._lock:
            gone = [
                uid
                for uid, step in self._items.items()
                if step.state in state.FINAL and not self._subscriptions.lockers(uid)
            ]
            for uid in gone:
                del self._items[uid]
                self._subscriptions.forget(uid)
            return gone

    def announce_restart(self) -> None:
        """Tell the global subscribers that this SCP is back."""
        with self._lock:
            for receiver in self._subscriptions.global_listeners():
                self._post(events.status_change(receiver))

    def _become(self, step: WorkItem, states: tuple[State, ...]) -> None:
        for following in states:
            step.dataset = work_item.in_state(step.dataset, following, self._rules.clock())
            report = events.state_report(step.dataset)
            self._tell(step.uid, EventType.STATE_REPORT, report)

    def _tell_of_change(self, step: WorkItem, modifications: Dataset) -> None:
        told = step.dataset
        if "ProcedureStepProgressInformationSequence" in modifications:
            self._tell(step.uid, EventType.PROGRESS_REPORT, events.progress_report(told))
        if "ScheduledStationNameCodeSequence" in modifications:
            self._tell(step.uid, EventType.ASSIGNED, events.assigned(told))
        if "InputReadinessState" in modifications:
            self._tell(step.uid, EventType.STATE_REPORT, events.state_report(told))

    def _tell(self, uid: str, event_type: int, dataset: Dataset) -> None:
        for receiver in self._subscriptions.listeners(uid):
            self._post(Report(receiver, event_type, uid, deepcopy(dataset)))

    def _unable_to_tell(self, receiver: str) -> Reply | None:
        if receiver in self._rules.receivers:
            return None
        return Reply(statuses.UNKNOWN_RECEIVER, comment="Receiving AE is not known here")


def _refused(problem: Problem) -> Reply:
    return Reply(problem.status, comment=f"{problem.keyword} {problem.comment}")


def _unknown(uid: str) -> Reply:
    return Reply(statuses.NO_SUCH_STEP, comment=f"no step {uid}")


def _filter(uid: str, information: Dataset) -> Dataset:
    """The matching keys of a filtered global subscription; none for the plain one."""
    keys = Dataset()
    if uid == UPS_FILTERED_GLOBAL:
        keys.update(information)
        for keyword in ("ReceivingAE", "DeletionLock"):
            keys.pop(keyword, None)
    return keys
