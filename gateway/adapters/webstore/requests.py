"""The table ``requests``: what people want delivered. A state changes once, and is durable."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.adapters.webstore.database import WebDatabase

PROPOSED, DELIVERING, DELIVERED = "proposed", "delivering", "delivered"
REFUSED, WITHDRAWN = "refused", "withdrawn"


@dataclass(frozen=True, slots=True)
class DeliveryRequest:
    """One item. ``item`` is its request's name in the record too."""

    item: str
    plan_id: str
    wanted: Mapping[str, Any]
    state: str
    requested_by: str
    armed_by: str
    delivery_id: str
    reason: str
    requested_ns: int
    changed_ns: int


class RequestTable:
    """Every method raises StoreError."""

    def __init__(self, database: WebDatabase) -> None:
        self._database = database

    def add(self, one: DeliveryRequest) -> None:
        """Keep a new item."""
        row = (
            one.item,
            one.plan_id,
            json.dumps(one.wanted),
            one.state,
            one.requested_by,
            one.armed_by,
            one.delivery_id,
            one.reason,
            one.requested_ns,
            one.changed_ns,
        )
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO requests (item, plan_id, wanted, state, requested_by, armed_by, "
                "delivery_id, reason, requested_ns, changed_ns) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )

    def find(self, item: str) -> DeliveryRequest | None:
        """The item of that name."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM requests WHERE item = ?", (item,)).fetchone()
        return None if row is None else _request(row)

    def newest(self, limit: int) -> list[DeliveryRequest]:
        """The newest items, oldest of them first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM requests ORDER BY number DESC LIMIT ?", (limit,)
            ).fetchall()
        return [_request(row) for row in reversed(rows)]

    def in_state(self, state: str) -> list[DeliveryRequest]:
        """The items in a state, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM requests WHERE state = ? ORDER BY number", (state,)
            ).fetchall()
        return [_request(row) for row in rows]

    def states(self) -> dict[str, int]:
        """How many items are in each state."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT state, count(*) FROM requests GROUP BY state")
            return dict(rows.fetchall())

    def begin(self, item: str, armed_by: str, now_ns: int) -> bool:
        """From proposed to delivering; False where it is not proposed."""
        return self._move(item, PROPOSED, DELIVERING, armed_by=armed_by, now_ns=now_ns)

    def withdraw(self, item: str, now_ns: int) -> bool:
        """From proposed to withdrawn; False where it is not proposed."""
        return self._move(item, PROPOSED, WITHDRAWN, now_ns=now_ns)

    def delivered(self, item: str, delivery_id: str, reason: str, now_ns: int) -> bool:
        """From delivering to delivered; False where it is not delivering."""
        return self._move(
            item, DELIVERING, DELIVERED, delivery_id=delivery_id, reason=reason, now_ns=now_ns
        )

    def refused(self, item: str, reason: str, now_ns: int) -> bool:
        """From delivering to refused; False where it is not delivering."""
        return self._move(item, DELIVERING, REFUSED, reason=reason, now_ns=now_ns)

    def _move(
        self,
        item: str,
        before: str,
        after: str,
        *,
        now_ns: int,
        armed_by: str | None = None,
        delivery_id: str | None = None,
        reason: str | None = None,
    ) -> bool:
        with self._database.transaction() as connection:
            done = connection.execute(
                "UPDATE requests SET state = ?, changed_ns = ?, armed_by = coalesce(?, armed_by), "
                "delivery_id = coalesce(?, delivery_id), reason = coalesce(?, reason) "
                "WHERE item = ? AND state = ?",
                (after, now_ns, armed_by, delivery_id, reason, item, before),
            )
            return done.rowcount == 1


def _request(row: sqlite3.Row) -> DeliveryRequest:
    return DeliveryRequest(
        row["item"],
        row["plan_id"],
        json.loads(row["wanted"]),
        row["state"],
        row["requested_by"],
        row["armed_by"],
        row["delivery_id"],
        row["reason"],
        row["requested_ns"],
        row["changed_ns"],
    )
