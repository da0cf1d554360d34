"""Objects on their way to destinations: kept until the destination has them for good."""

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.outbox_items import (
    CommitmentAnswer,
    Destination,
    OutboxItem,
    OutgoingObject,
    State,
    item_of,
)
from gateway.adapters.nodestore.outbox_settling import settle, take_answer
from gateway.domain.backoff import backoff_ns
from gateway.domain.errors import Blocked, InputError, StoreError

LOCK = "outbox.lock"

_QUEUE = """
INSERT INTO outbox
  (destination, sop_class_uid, sop_instance_uid, path, sha256, size_bytes, state, tries,
   next_try_ns, commitment_uid, reason, queued_ns, done_ns)
VALUES (?, ?, ?, ?, ?, ?, 'queued', 0, ?, '', '', ?, 0)
ON CONFLICT (destination, sop_instance_uid) DO NOTHING
"""
_DUE_DESTINATIONS = """
SELECT DISTINCT destination FROM outbox
WHERE state IN ('queued', 'sent', 'committing') AND next_try_ns <= :now
  AND destination NOT IN
    (SELECT destination FROM outbox_destinations WHERE next_try_ns > :now)
"""
_DUE = """
SELECT * FROM outbox
WHERE state IN ('queued', 'sent', 'committing') AND next_try_ns <= ? AND destination = ?
ORDER BY next_try_ns, item LIMIT ?
"""
_ROWS_OF = """
SELECT * FROM outbox WHERE sop_instance_uid IN (SELECT value FROM json_each(?)) ORDER BY item
"""
_UNREACHED = """
INSERT INTO outbox_destinations VALUES (?, 1, ?, ?)
ON CONFLICT (destination) DO UPDATE
  SET failures = failures + 1, next_try_ns = excluded.next_try_ns, reason = excluded.reason
"""
_ASKED = """
SELECT outbox.* FROM outbox JOIN outbox_asked USING (item)
WHERE outbox_asked.transaction_uid = ? AND outbox.destination = ?
"""


class Outbox:
    """The table ``outbox``. Every method raises StoreError; what it says is durable on return."""

    def __init__(self, database: NodeDatabase) -> None:
        self._database = database

    def queue(self, destination: str, objects: Sequence[OutgoingObject], now_ns: int) -> int:
        """Queue objects for a destination, all or none; how many were new.

        One with a SOP Instance UID that was queued before stays as it was.
        """
        rows = [
            (
                destination,
                one.sop_class_uid,
                one.sop_instance_uid,
                str(one.path),
                one.sha256,
                one.size_bytes,
                now_ns,
                now_ns,
            )
            for one in objects
        ]
        with self._database.transaction() as connection:
            return connection.executemany(_QUEUE, rows).rowcount

    def due_destinations(self, now_ns: int) -> list[str]:
        """Destinations that something is to be done with now."""
        with self._database.reading() as connection:
            return [row[0] for row in connection.execute(_DUE_DESTINATIONS, {"now": now_ns})]

    def due(self, destination: str, now_ns: int, limit: int) -> list[OutboxItem]:
        """What is to be done with a destination now: what has waited longest comes first."""
        with self._database.reading() as connection:
            rows = connection.execute(_DUE, (now_ns, destination, limit)).fetchall()
        return [item_of(row) for row in rows]

    def rows(self) -> list[OutboxItem]:
        """Everything, oldest first."""
        with self._database.reading() as connection:
            return [
                item_of(row) for row in connection.execute("SELECT * FROM outbox ORDER BY item")
            ]

    def rows_of(self, sop_instance_uids: Sequence[str]) -> list[OutboxItem]:
        """What is, or was, on its way of some objects, oldest first."""
        wanted = json.dumps(list(sop_instance_uids))
        with self._database.reading() as connection:
            return [item_of(row) for row in connection.execute(_ROWS_OF, (wanted,))]

    def destinations(self) -> dict[str, Destination]:
        """Destinations that could not be reached, by AE title."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM outbox_destinations").fetchall()
        return {row["destination"]: Destination(*row) for row in rows}

    def sent(self, item: int, note: str, now_ns: int) -> None:
        """The destination has stored it; it is to be committed."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE outbox SET state = 'sent', reason = ?, next_try_ns = ? "
                "WHERE item = ? AND state = 'queued'",
                (note, now_ns, item),
            )

    def done(self, item: int, note: str, now_ns: int) -> None:
        """The destination has it for good."""
        with self._database.transaction() as connection:
            settle(connection, item, note, now_ns)

    def failed(self, item: int, reason: str, next_try_ns: int) -> None:
        """It did not get further, and is tried again."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE outbox SET tries = tries + 1, reason = ?, next_try_ns = ? "
                "WHERE item = ? AND state IN ('queued', 'sent', 'committing')",
                (reason, next_try_ns, item),
            )

    def parked(self, item: int, reason: str) -> None:
        """It was refused for good: nothing is tried before a person says so."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE outbox SET state = 'parked', reason = ? WHERE item = ? "
                "AND state IN ('queued', 'sent', 'committing')",
                (reason, item),
            )

    def committing(
        self, items: Sequence[OutboxItem], transaction_uid: str, answer_by_ns: int
    ) -> None:
        """Keep a transaction before the destination is asked; without an answer it is due again."""
        with self._database.transaction() as connection:
            for one in items:
                connection.execute(
                    "UPDATE outbox SET state = 'committing', commitment_uid = ?, next_try_ns = ? "
                    "WHERE item = ? AND state IN ('sent', 'committing')",
                    (transaction_uid, answer_by_ns, one.item),
                )
            connection.executemany(
                "INSERT INTO outbox_asked VALUES (?, ?)",
                [(transaction_uid, one.item) for one in items],
            )

    def awaits(self, transaction_uid: str) -> bool:
        """Whether a transaction has not been answered yet."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT 1 FROM outbox JOIN outbox_asked USING (item) WHERE transaction_uid = ? "
                "AND commitment_uid = transaction_uid AND state = 'committing' LIMIT 1",
                (transaction_uid,),
            ).fetchone()
        return row is not None

    def not_asked(self, transaction_uid: str, reason: str, next_try_ns: int) -> None:
        """The destination refused a request for commitment: it is to be asked anew."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE outbox SET state = 'sent', tries = tries + 1, reason = ?, next_try_ns = ? "
                "WHERE item IN (SELECT item FROM outbox_asked WHERE transaction_uid = ?) "
                "AND commitment_uid = ? AND state = 'committing'",
                (reason, next_try_ns, transaction_uid, transaction_uid),
            )

    def committed(self, answer: CommitmentAnswer, now_ns: int) -> bool:
        """Take a destination's answer; False where it was never asked that.

        A success counts whenever it comes. A failure counts in the newest transaction only: then
        the object is sent again, or parked. What the answer leaves out is asked again.
        """
        with self._database.transaction() as connection:
            found = connection.execute(_ASKED, (answer.transaction_uid, answer.destination))
            items = [item_of(row) for row in found]
            for one in items:
                take_answer(connection, one, answer, now_ns)
        return bool(items)

    def unreached(self, destination: str, reason: str, now_ns: int) -> None:
        """A destination could not be reached, or let nothing through: all of it waits."""
        with self._database.transaction() as connection:
            (failures,) = connection.execute(
                "SELECT coalesce(max(failures), 0) FROM outbox_destinations WHERE destination = ?",
                (destination,),
            ).fetchone()
            next_try_ns = now_ns + backoff_ns(failures + 1, destination)
            connection.execute(_UNREACHED, (destination, next_try_ns, reason))

    def reached(self, destination: str) -> None:
        """A destination let something through: it is as good as any."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM outbox_destinations WHERE destination = ?", (destination,)
            )

    def retry(self, item: int, now_ns: int) -> None:
        """Try an item now, also one that is parked. Raises InputError where there is none open."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT destination, state FROM outbox WHERE item = ?", (item,)
            ).fetchone()
            if row is None:
                raise InputError(f"there is no item {item} in the outbox; 'outbox' lists them")
            if row["state"] == State.DONE:
                raise InputError(f"item {item} is done: {row['destination']} has the object")
            connection.execute(
                "UPDATE outbox SET next_try_ns = ?, tries = 0, "
                "state = CASE state WHEN 'parked' THEN 'queued' ELSE state END WHERE item = ?",
                (now_ns, item),
            )
            _release(connection, row["destination"], now_ns)

    def hurry(self, now_ns: int) -> None:
        """Try everything now that waits to be tried again; answers are waited for as before."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE outbox SET next_try_ns = ? WHERE state IN ('queued', 'sent')", (now_ns,)
            )
            connection.execute("UPDATE outbox_destinations SET next_try_ns = ?", (now_ns,))

    @contextmanager
    def sole_sender(self) -> Iterator[None]:
        """Hold the right to send, which one process has at a time. Raises Blocked."""
        path = self._database.root / LOCK
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise Blocked(
                "the node is running: it works this outbox itself, and tries what waits now"
            ) from error
        try:
            yield
        finally:
            os.close(lock)


def _release(connection: sqlite3.Connection, destination: str, now_ns: int) -> None:
    connection.execute(
        "UPDATE outbox_destinations SET next_try_ns = ? WHERE destination = ?",
        (now_ns, destination),
    )
