"""What peers asked this node to commit (PS3.4 annex J): kept until they are told the outcome."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from gateway.adapters.nodestore.database import NodeDatabase
from gateway.domain.units import NS_PER_S

FIRST_RETRY_S = 5
LONGEST_RETRY_S = 3600
KEPT_S = 7 * 24 * 3600
"""How long a requester that cannot be told is called again."""
DUPLICATE_TRANSACTION_UID = 0x0131
PENDING, ANSWERED, UNANSWERED = "pending", "answered", "unanswered"


@dataclass(frozen=True, slots=True)
class Reference:
    """An object to commit; ``failure_reason`` is 0 where there is none (PS3.3 C.14.1.1)."""

    sop_class_uid: str
    sop_instance_uid: str
    failure_reason: int = 0


@dataclass(frozen=True, slots=True)
class Commitment:
    """One request; times in nanoseconds since the epoch."""

    transaction_uid: str
    requester: str
    references: tuple[Reference, ...]
    tries: int
    asked_ns: int


class Commitments:
    """The table of requests; safe to share between threads and processes."""

    def __init__(self, database: NodeDatabase) -> None:
        self._database = database

    def ask(
        self, transaction_uid: str, requester: str, references: Iterable[Reference], now_ns: int
    ) -> None:
        """Keep a request; durable on return. Raises StoreError.

        The same request again is answered again. Another one under the Transaction UID of an
        earlier one is added to that: its objects fail as of a duplicate (PS3.3 C.14.1.1).
        """
        wanted = tuple(dict.fromkeys(references))
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT referenced FROM commitments WHERE transaction_uid = ? AND requester = ?",
                (transaction_uid, requester),
            ).fetchone()
            earlier = _references(row["referenced"]) if row is not None else ()
            connection.execute(
                "INSERT OR REPLACE INTO commitments VALUES (?, ?, ?, ?, 0, ?, ?)",
                (
                    transaction_uid,
                    requester,
                    _text(_with_duplicates(earlier, wanted)),
                    PENDING,
                    now_ns,
                    now_ns,
                ),
            )

    def waiting(self, requester: str) -> int:
        """How many requests of one requester are not answered yet. Raises StoreError."""
        with self._database.reading() as connection:
            (found,) = connection.execute(
                "SELECT count(*) FROM commitments WHERE requester = ? AND state = ?",
                (requester, PENDING),
            ).fetchone()
        return int(found)

    def due(self, now_ns: int) -> Sequence[Commitment]:
        """Requests to answer now, oldest first. Raises StoreError."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM commitments WHERE state = ? AND next_try_ns <= ? ORDER BY asked_ns",
                (PENDING, now_ns),
            ).fetchall()
        return [
            Commitment(
                row["transaction_uid"],
                row["requester"],
                _references(row["referenced"]),
                row["tries"],
                row["asked_ns"],
            )
            for row in rows
        ]

    def next_due_ns(self) -> int | None:
        """When the next request is to be answered; None where none waits. Raises StoreError."""
        with self._database.reading() as connection:
            (found,) = connection.execute(
                "SELECT min(next_try_ns) FROM commitments WHERE state = ?", (PENDING,)
            ).fetchone()
        return None if found is None else int(found)

    def answered(self, commitment: Commitment) -> None:
        """The requester has the outcome. Raises StoreError."""
        self._change(commitment, ANSWERED, commitment.tries + 1, 0)

    def postpone(self, commitment: Commitment, now_ns: int) -> None:
        """The requester could not be told: later, each time twice as long. Raises StoreError."""
        wait_s = min(FIRST_RETRY_S * 2 ** min(commitment.tries, 16), LONGEST_RETRY_S)
        expired = now_ns - commitment.asked_ns > KEPT_S * NS_PER_S
        state = UNANSWERED if expired else PENDING
        self._change(commitment, state, commitment.tries + 1, now_ns + wait_s * NS_PER_S)

    def _change(self, commitment: Commitment, state: str, tries: int, next_try_ns: int) -> None:
        """Only the request that was answered: one that came meanwhile waits for its own answer."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE commitments SET state = ?, tries = ?, next_try_ns = ? "
                "WHERE transaction_uid = ? AND requester = ? AND asked_ns = ? AND referenced = ?",
                (
                    state,
                    tries,
                    next_try_ns,
                    commitment.transaction_uid,
                    commitment.requester,
                    commitment.asked_ns,
                    _text(commitment.references),
                ),
            )


def _with_duplicates(
    earlier: Sequence[Reference], wanted: Sequence[Reference]
) -> tuple[Reference, ...]:
    known = {(one.sop_class_uid, one.sop_instance_uid) for one in earlier}
    if not earlier or {(one.sop_class_uid, one.sop_instance_uid) for one in wanted} == known:
        return tuple(earlier) or tuple(wanted)
    others = (one for one in wanted if (one.sop_class_uid, one.sop_instance_uid) not in known)
    duplicates = (replace(one, failure_reason=DUPLICATE_TRANSACTION_UID) for one in others)
    return (*earlier, *duplicates)


def _text(references: Iterable[Reference]) -> str:
    return json.dumps([asdict(one) for one in references], separators=(",", ":"))


def _references(text: str) -> tuple[Reference, ...]:
    return tuple(Reference(**one) for one in json.loads(text))
