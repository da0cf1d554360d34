"""Procedure steps that this node performs, kept through everything: claims, and what was told.

A Transaction UID is committed before its claim is sent; whoever finds the step after a crash can
prove with it that the claim was this node's.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from gateway.adapters.nodestore.database import NodeDatabase
from gateway.dicom.ups.events import Told
from gateway.domain.worklist import Code, OutputObject, Progress, StepState


class Phase(StrEnum):
    """How far this node is with a step.

    WANTED: somebody asked for it. CLAIMING: the claim may have been sent. CLAIMED: it is ours, and
    being prepared. DELIVERING: a delivery may have begun. DELIVERED: it has ended. SETTLING: its
    objects are on their way. REPORTING: the final update is to be told. CLOSING: the final state
    is. The others are ends: NOT_CLAIMED was left to others, LOST is no longer ours to update.
    """

    WANTED = "wanted"
    CLAIMING = "claiming"
    CLAIMED = "claimed"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    SETTLING = "settling"
    REPORTING = "reporting"
    CLOSING = "closing"
    COMPLETED = "completed"
    CANCELED = "canceled"
    NOT_CLAIMED = "not claimed"
    LOST = "lost"


CANCEL_REQUESTED = 2
"""Event Type ID of UPS Cancel Requested (PS3.4 table CC.2.4-1)."""
ENDS = frozenset({Phase.COMPLETED, Phase.CANCELED, Phase.NOT_CLAIMED, Phase.LOST})


@dataclass(frozen=True, slots=True)
class Step:
    """A step as this node has it. Times in ns since 1970-01-01 UTC.

    ``final`` is the state it is to end in, "" before that is known; ``reason`` why it is no
    COMPLETED. ``by`` are who asked for it. ``waiting`` says why it does not get on, while it is
    tried again: ``tries`` times in a row so far, next at ``next_try_ns``.
    """

    sop_instance_uid: str
    manager: str
    phase: Phase
    room: str
    changed_ns: int
    by: tuple[str, ...] = ()
    transaction_uid: str = ""
    delivery_id: str = ""
    station: Code | None = None
    workitem: Code | None = None
    final: str = ""
    reason: str = ""
    reason_code: Code | None = None
    started_ns: int = 0
    ended_ns: int = 0
    progress: Progress | None = None
    outputs: tuple[OutputObject, ...] = ()
    waiting: str = ""
    tries: int = 0
    next_try_ns: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return self.phase in ENDS

    @property
    def request_id(self) -> str:
        """The delivery's name in the room's record: under it, one is begun at most."""
        return f"step-{self.sop_instance_uid}"

    @property
    def final_state(self) -> StepState:
        """The state to end in. Raises ValueError before that is known."""
        return StepState(self.final)


@dataclass(frozen=True, slots=True)
class StepEvent:
    """An event report that came. ``event`` counts in the order received."""

    event: int
    event_type: int
    told: Told
    at_ns: int


_WANT = """
INSERT INTO steps VALUES (?, ?, '', ?, '', ?, ?)
ON CONFLICT (sop_instance_uid) DO UPDATE
  SET manager = excluded.manager, transaction_uid = '', state = excluded.state,
      body = excluded.body, changed_ns = excluded.changed_ns
  WHERE steps.state = ?
"""
_COLUMNS = ("sop_instance_uid", "manager", "transaction_uid", "delivery_id", "changed_ns")


class Steps:
    """The tables ``steps`` and ``step_events``. Every method raises StoreError."""

    def __init__(self, database: NodeDatabase) -> None:
        self._database = database

    def want(self, step: Step) -> bool:
        """Keep the wish to perform a step; False where it was performed, or is, already.

        One that was left to others may be wanted again.
        """
        body = _body(replace(step, phase=Phase.WANTED))
        row = (step.sop_instance_uid, step.manager, Phase.WANTED, body, step.changed_ns)
        with self._database.transaction() as connection:
            done = connection.execute(_WANT, (*row, Phase.NOT_CLAIMED))
            return done.rowcount == 1

    def save(self, step: Step) -> None:
        """Keep a step as it is now; durable on return."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE steps SET transaction_uid = ?, state = ?, delivery_id = ?, body = ?, "
                "changed_ns = ? WHERE sop_instance_uid = ?",
                (
                    step.transaction_uid,
                    step.phase,
                    step.delivery_id,
                    _body(step),
                    step.changed_ns,
                    step.sop_instance_uid,
                ),
            )

    def get(self, uid: str) -> Step | None:
        """One step."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT * FROM steps WHERE sop_instance_uid = ?", (uid,)
            ).fetchone()
        return None if row is None else _step(row)

    def rows(self) -> list[Step]:
        """Every step, in the order they last changed."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM steps ORDER BY changed_ns").fetchall()
        return [_step(row) for row in rows]

    def unfinished(self, room: str) -> list[Step]:
        """A room's steps that are not at an end, longest unchanged first."""
        return [step for step in self.rows() if step.room == room and not step.ended]

    def add_event(self, uid: str, event_type: int, told: Told, at_ns: int) -> None:
        """Keep an event report about a step or a verification."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO step_events (sop_instance_uid, event_type, body, at_ns) "
                "VALUES (?, ?, ?, ?)",
                (uid, event_type, json.dumps(asdict(told), ensure_ascii=False), at_ns),
            )

    def events(self, uid: str, event_types: Sequence[int]) -> list[StepEvent]:
        """What was told of a step or verification, of some Event Type IDs, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM step_events WHERE sop_instance_uid = ? ORDER BY event", (uid,)
            ).fetchall()
        return [_event(row) for row in rows if row["event_type"] in event_types]

    def cancellation(self, uid: str) -> str:
        """Why somebody asked for a step to be cancelled; "" where nobody did."""
        for event in self.events(uid, (CANCEL_REQUESTED,)):
            by = f" by {event.told.requesting_ae}" if event.told.requesting_ae else ""
            why = f": {event.told.reason}" if event.told.reason else ""
            return f"cancellation was requested{by}{why}"
        return ""


def _body(step: Step) -> str:
    values = {key: value for key, value in asdict(step).items() if key not in _COLUMNS}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _step(row: sqlite3.Row) -> Step:
    values: dict[str, Any] = json.loads(row["body"])
    values |= {column: row[column] for column in _COLUMNS}
    values["phase"] = Phase(row["state"])
    values["by"] = tuple(values["by"])
    for name in ("station", "workitem", "reason_code"):
        values[name] = None if values[name] is None else Code(**values[name])
    if values["progress"] is not None:
        values["progress"] = Progress(**values["progress"])
    values["outputs"] = tuple(
        OutputObject(**one | {"kept_by": tuple(one["kept_by"])}) for one in values["outputs"]
    )
    return Step(**values)


def _event(row: sqlite3.Row) -> StepEvent:
    return StepEvent(row["event"], row["event_type"], Told(**json.loads(row["body"])), row["at_ns"])
