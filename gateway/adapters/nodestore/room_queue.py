"""Plans that peers sent to be delivered, in the order they came: each is delivered once."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.adapters.nodestore.database import NodeDatabase
from gateway.dicom.sop_classes import RT_PLAN

QUEUED, DELIVERING, DELIVERED, REFUSED = "queued", "delivering", "delivered", "refused"

_NEW = """
SELECT sop_instance_uid, calling_ae FROM objects
WHERE sop_class_uid = ? AND state = 'valid'
  AND NOT EXISTS (SELECT 1 FROM queue WHERE queue.sop_instance_uid = objects.sop_instance_uid)
ORDER BY received_ns, sop_instance_uid
"""
_QUEUE = """
INSERT INTO queue
  (sop_instance_uid, requester, room, state, delivery_id, reason, queued_ns, changed_ns)
VALUES (?, ?, ?, ?, '', '', ?, ?)
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

    @property
    def request_id(self) -> str:
        """The request's name in the room's record."""
        return f"queue-{self.item}-{self.sop_instance_uid}"


class RoomQueue:
    """The table ``queue``. Every method raises StoreError."""

    def __init__(self, database: NodeDatabase) -> None:
        self._database = database

    def take_in(self, rooms: Mapping[str, str], now_ns: int) -> int:
        """Queue valid plans of the peers that deliver here; how many were new.

        ``rooms`` is the room by AE title.
        """
        with self._database.transaction() as connection:
            rows = connection.execute(_NEW, (RT_PLAN,)).fetchall()
            wanted = [
                (uid, ae, rooms[ae], QUEUED, now_ns, now_ns) for uid, ae in rows if ae in rooms
            ]
            connection.executemany(_QUEUE, wanted)
        return len(wanted)

    def next(self, room: str) -> QueuedPlan | None:
        """The first plan of a room that has not ended; one that was begun comes first again."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT * FROM queue WHERE room = ? AND state IN (?, ?) ORDER BY item LIMIT 1",
                (room, DELIVERING, QUEUED),
            ).fetchone()
        return None if row is None else _plan(row)

    def rows(self) -> list[QueuedPlan]:
        """Everything, oldest first."""
        with self._database.reading() as connection:
            return [_plan(row) for row in connection.execute("SELECT * FROM queue ORDER BY item")]

    def began(self, item: int, now_ns: int) -> None:
        """The plan is being delivered."""
        self._set(item, DELIVERING, "", "", now_ns)

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
    )
