"""Commands with their keys and answers: none is carried out twice."""

import sqlite3
from http import HTTPStatus

from gateway.adapters.web.backend import Stored
from gateway.adapters.web.problems import Refused
from gateway.adapters.webstore.database import WebDatabase
from gateway.domain.units import NS_PER_S
from gateway.ports.clock import WallClock

KEPT_S = 30 * 24 * 3600


class CommandLedger:
    """Implements :class:`gateway.adapters.web.backend.Ledger`."""

    def __init__(self, database: WebDatabase, clock: WallClock) -> None:
        self._database = database
        self._clock = clock
        with database.transaction() as connection:
            before_ns = clock.now_ns() - KEPT_S * NS_PER_S
            connection.execute("DELETE FROM commands WHERE at_ns < ?", (before_ns,))

    def begin(self, name: str, key: str, request_sha256: str) -> Stored | None:
        """See the port."""
        row = (name, key, request_sha256, None, "", b"", self._clock.now_ns())
        with self._database.transaction() as connection:
            known = connection.execute(
                "SELECT * FROM commands WHERE name = ? AND key = ?", (name, key)
            ).fetchone()
            if known is None:
                connection.execute("INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?, ?)", row)
                return None
        return _answer(known, request_sha256)

    def answered(self, name: str, key: str, answer: Stored) -> None:
        """See the port."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE commands SET status = ?, media_type = ?, answer = ? "
                "WHERE name = ? AND key = ?",
                (answer.status, answer.media_type, answer.answer, name, key),
            )


def _answer(known: sqlite3.Row, request_sha256: str) -> Stored:
    if known["request_sha256"] != request_sha256:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "this Idempotency-Key was used for another request; take a new one",
        )
    if known["status"] is None:
        raise Refused(
            HTTPStatus.CONFLICT,
            "this command is being carried out, or this service was lost while it was; "
            "look how things stand before you send another",
        )
    return Stored(known["status"], known["media_type"], known["answer"])
