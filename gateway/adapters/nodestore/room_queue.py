"""Plans that peers sent to be delivered, in the order they came: each is delivered once."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from gateway.adapters.nodestore.database import NodeDatabase

QUEUED, DELIVERING, DELIVERED, REFUSED = "queued", "delivering", "delivered", "refused"

_QUEUE = """
INSERT INTO queue
  (sop_instance_uid, requester, room, state, delivery_id, reason, queued_ns, changed_ns)
SELECT :uid, :requester, :room, 'queued', '', '', :now, :now
WHERE NOT EXISTS (SELECT 1 FROM queue WHERE sop_instance_uid = :uid AND state != 'refused')
"""


@dataclass(frozen=True, slots=True)
class QueuedPlan:
    """One plan to deliver. ``requester`` is the AE title that sent it."""

    item: int
    sop_instance_uid: str
    requester: str
    room: str
    state: str
    delivery_id: str
    reason: str
    queued_ns: int
    changed_ns: int

    @property
    def request_id(self) -> str:
        """The request's name in the room's record."""
        return f"queue-{self.item}-{self.sop_instance_uid}"


class RoomQueue:
    """The table ``queue``. Every method raises StoreError."""

    def __init__(self, database: NodeDatabase) -> None:
        self._database = database

    def want(self, sop_instance_uid: str, requester: str, room: str, now_ns: int) -> bool:
        """Queue a plan to be delivered in a room for a peer; whether it was new.

        It is not where it was queued before, unless it was refused then.
        """
        wanted = {
            "uid": sop_instance_uid,
            "requester": requester,
            "room": room,
            "now": now_ns,
        }
        with self._database.transaction() as connection:
            return connection.execute(_QUEUE, wanted).rowcount == 1

    def next(self, room: str, waiting: Collection[int] = ()) -> QueuedPlan | None:
        """The first plan of a room that has not ended, but for the items that wait."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM queue WHERE room = ? AND state IN (?, ?) ORDER BY item",
                (room, DELIVERING, QUEUED),
            )
            row = next((row for row in rows if row["item"] not in waiting), None)
        return None if row is None else _plan(row)

    def rows(self) -> list[QueuedPlan]:
        """Everything, oldest first."""
        with self._database.reading() as connection:
            return [_plan(row) for row in connection.execute("SELECT * FROM queue ORDER BY item")]

    def began(self, item: int, now_ns: int) -> None:
        """The plan is being delivered."""
        self._set(item, DELIVERING, "", "", now_ns)

    def waits(self, item: int, delivery_id: str, reason: str, now_ns: int) -> None:
        """It cannot be delivered now, or what it came to (``delivery_id``) is not certain yet."""
        state = DELIVERING if delivery_id else QUEUED
        self._set(item, state, delivery_id, reason, now_ns)

    def delivered(self, item: int, delivery_id: str, reason: str, now_ns: int) -> None:
        """A delivery was made of it; ``reason`` says why it is not complete."""
        self._set(item, DELIVERED, delivery_id, reason, now_ns)

    def refused(self, item: int, reason: str, now_ns: int) -> None:
        """Nothing was delivered."""
        self._set(item, REFUSED, "", reason, now_ns)

    def _set(self, item: int, state: str, delivery_id: str, reason: str, now_ns: int) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE queue SET state = ?, delivery_id = ?, reason = ?, changed_ns = ? "
                "WHERE item = ?",
                (state, delivery_id, reason, now_ns, item),
            )


def _plan(row: sqlite3.Row) -> QueuedPlan:
    return QueuedPlan(
        row["item"],
        row["sop_instance_uid"],
        row["requester"],
        row["room"],
        row["state"],
        row["delivery_id"],
        row["reason"],
        row["queued_ns"],
        row["changed_ns"],
    )
