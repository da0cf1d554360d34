"""What becomes of items of the outbox when a destination has answered; within a transaction."""

import sqlite3

from gateway.adapters.nodestore.outbox_items import (
    CommitmentAnswer,
    NotCommitted,
    OutboxItem,
    State,
)
from gateway.domain.backoff import backoff_ns


def take_answer(
    connection: sqlite3.Connection, one: OutboxItem, answer: CommitmentAnswer, now_ns: int
) -> None:
    """What an answer to a request for commitment says of one item of the request."""
    uid = one.sop_instance_uid
    if uid in answer.succeeded:
        settle(connection, one.item, one.reason, now_ns)
    elif one.state is not State.COMMITTING or one.commitment_uid != answer.transaction_uid:
        return
    elif (failure := answer.failed.get(uid)) is not None:
        _not_committed(connection, one, failure, now_ns)
    else:
        reason = "the answer to the commitment request leaves it out: asked again"
        _again(connection, one, State.SENT, reason, now_ns)


def settle(connection: sqlite3.Connection, item: int, note: str, now_ns: int) -> None:
    """The destination has the item for good; one that is done stays as it was."""
    connection.execute(
        "UPDATE outbox SET state = 'done', reason = ?, done_ns = ? WHERE item = ? "
        "AND state <> 'done'",
        (note, now_ns, item),
    )


def _not_committed(
    connection: sqlite3.Connection, one: OutboxItem, failure: NotCommitted, now_ns: int
) -> None:
    reason = f"not committed: {failure.reason}"
    if failure.final:
        connection.execute(
            "UPDATE outbox SET state = 'parked', reason = ? WHERE item = ?", (reason, one.item)
        )
    else:
        _again(connection, one, State.QUEUED, f"{reason}; sent again", now_ns)


def _again(
    connection: sqlite3.Connection, one: OutboxItem, state: State, reason: str, now_ns: int
) -> None:
    next_try_ns = now_ns + backoff_ns(one.tries + 1, one.sop_instance_uid)
    connection.execute(
        "UPDATE outbox SET state = ?, tries = tries + 1, reason = ?, next_try_ns = ? "
        "WHERE item = ?",
        (state, reason, next_try_ns, one.item),
    )
