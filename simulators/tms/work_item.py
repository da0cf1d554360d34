"""A Unified Procedure Step instance: checks of what is set, and what its states require."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

from pydicom import Dataset

from simulators.tms import attributes, statuses
from simulators.tms.attributes import Final, Row, Use
from simulators.tms.data import Code, decoded, has, is_valued, item, items, moment, text
from simulators.tms.state import State
from simulators.tms.uids import UPS_PUSH

_DEFAULT_WORKLIST = "Worklist"
_UNSPECIFIED = Code("110513", "DCM", "Discontinued for unspecified reason")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a data set is refused: status, the attribute, and a comment of at most 64 characters."""

    status: int
    keyword: str
    comment: str


@dataclass(slots=True)
class WorkItem:
    """An instance that is managed: its attributes, and the Transaction UID of its claim ("")."""

    uid: str
    dataset: Dataset
    transaction_uid: str = ""

    @property
    def state(self) -> State:
        """Procedure Step State."""
        return State(self.dataset.ProcedureStepState)


def creation_problems(dataset: Dataset) -> Iterator[Problem]:
    """What forbids an N-CREATE (PS3.4 CC.2.5)."""
    state = text(dataset, "ProcedureStepState")
    if state and state != State.SCHEDULED:
        yield Problem(
            statuses.NOT_SCHEDULED, "ProcedureStepState", f"created as {state}, not SCHEDULED"
        )
    for row in attributes.TABLE:
        yield from _use_problems(dataset, row, row.create)
    yield from _enumeration_problems(dataset)


def change_problems(dataset: Dataset, state: State) -> Iterator[Problem]:
    """What forbids an N-SET in ``state`` (PS3.4 CC.2.6), but for the Transaction UID."""
    if "ProcedureStepState" in dataset:
        wanted = text(dataset, "ProcedureStepState")
        status = (
            statuses.ONLY_CREATED_SCHEDULED
            if wanted == State.SCHEDULED
            else statuses.NO_SUCH_ATTRIBUTE
        )
        yield Problem(status, "ProcedureStepState", "the state is changed by N-ACTION, not N-SET")
    for row in attributes.TABLE:
        yield from _use_problems(dataset, row, row.change)
        for below in items(dataset, row.keyword):
            for inner in row.items:
                yield from _use_problems(below, inner, inner.change)
    yield from _enumeration_problems(dataset)
    if state is State.SCHEDULED:
        for keyword in attributes.PERFORMERS:
            if has(dataset, keyword):
                comment = "set by the performer, after the claim"
                yield Problem(statuses.NOT_IN_PROGRESS, keyword, comment)


def created(dataset: Dataset, uid: str, now: datetime) -> Dataset:
    """The instance that an N-CREATE makes, with what the SCP fills in."""
    instance = decoded(deepcopy(dataset))
    instance.SOPClassUID = UPS_PUSH
    instance.SOPInstanceUID = uid
    instance.ScheduledProcedureStepModificationDateTime = moment(now)
    if not has(instance, "WorklistLabel"):
        instance.WorklistLabel = _DEFAULT_WORKLIST
    del instance.TransactionUID
    return instance


def changed(dataset: Dataset, modifications: Dataset, now: datetime) -> Dataset:
    """The instance after an N-SET; sequences are replaced whole."""
    instance = deepcopy(dataset)
    instance.update(decoded(deepcopy(modifications)))
    instance.ScheduledProcedureStepModificationDateTime = moment(now)
    instance.pop("TransactionUID", None)
    return instance


def in_state(dataset: Dataset, state: State, now: datetime) -> Dataset:
    """The instance in another state; the time of a cancellation is filled in where it is missing.

    PS3.4 Table CC.2.5-3, remark on Procedure Step Cancellation DateTime.
    """
    instance = deepcopy(dataset)
    instance.ProcedureStepState = str(state)
    instance.ScheduledProcedureStepModificationDateTime = moment(now)
    if state is State.CANCELED:
        for progress in items(instance, "ProcedureStepProgressInformationSequence")[:1]:
            if not has(progress, "ProcedureStepCancellationDateTime"):
                progress.ProcedureStepCancellationDateTime = moment(now)
    return instance


def unmet(dataset: Dataset, wanted: str, now: datetime) -> str:
    """The first attribute that ``wanted``, a final state, still lacks; "" where none does."""
    if wanted not in (State.COMPLETED, State.CANCELED):
        return ""
    asked = {Final.ALWAYS, Final.COMPLETED if wanted == State.COMPLETED else Final.CANCELED}
    instance = in_state(dataset, State(wanted), now)
    return next(_unmet(instance, attributes.TABLE, asked), "")


def query_problem(keys: Dataset) -> str:
    """Why a query is refused, "" where it is not (CC.2.8.1.3)."""
    if "TransactionUID" in keys:
        return "Transaction UID cannot be queried"
    for keyword in attributes.SINGLE_VALUED_KEYS:
        if keyword in keys and keys[keyword].VM > 1:
            return f"{keyword} is matched by a single value"
    for key in keys:
        if key.VR == "SQ" and len(key.value) > 1:
            return f"{key.keyword} is matched by one item"
    return ""


def discontinued(dataset: Dataset, information: Dataset) -> Dataset:
    """A SCHEDULED step, with the reasons that its final state needs (CC.2.2.3)."""
    progress = item(ProcedureStepDiscontinuationReasonCodeSequence=[_UNSPECIFIED.item()])
    for keyword in ("ReasonForCancellation", "ProcedureStepDiscontinuationReasonCodeSequence"):
        if has(information, keyword):
            progress[keyword] = information[keyword]
    instance = deepcopy(dataset)
    instance.ProcedureStepProgressInformationSequence = [progress]
    return instance


def _unmet(dataset: Dataset, rows: tuple[Row, ...], asked: set[Final]) -> Iterator[str]:
    for row in rows:
        if row.final not in asked:
            continue
        if row.keyword not in dataset or not (row.bare or is_valued(dataset[row.keyword])):
            yield row.keyword
        for below in items(dataset, row.keyword):
            yield from _unmet(below, row.items, asked)


def _use_problems(dataset: Dataset, row: Row, use: Use) -> Iterator[Problem]:
    keyword = row.keyword
    there = keyword in dataset
    if use is Use.FORBIDDEN and there and keyword != "ProcedureStepState":
        yield Problem(statuses.NO_SUCH_ATTRIBUTE, keyword, "not allowed here")
    elif use is Use.EMPTY and there and is_valued(dataset[keyword]):
        yield Problem(statuses.INVALID_ATTRIBUTE_VALUE, keyword, "has to be empty")
    elif use in (Use.VALUED, Use.PRESENT, Use.EMPTY) and not there:
        yield Problem(statuses.MISSING_ATTRIBUTE, keyword, "missing")
    elif use is Use.VALUED and not is_valued(dataset[keyword]):
        yield Problem(statuses.MISSING_VALUE, keyword, "has no value")


def _enumeration_problems(dataset: Dataset) -> Iterator[Problem]:
    for keyword, allowed in attributes.ENUMERATED.items():
        value = text(dataset, keyword)
        if value and value not in allowed:
            yield Problem(
                statuses.INVALID_ATTRIBUTE_VALUE, keyword, "is none of " + ", ".join(allowed)
            )
