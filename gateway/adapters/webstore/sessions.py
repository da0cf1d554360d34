"""Browsers' sessions: kept in memory, and durable, so that a restart asks nobody again."""

import secrets
import threading
from collections.abc import Mapping
from hashlib import sha256

from gateway.adapters.web.access import Person, Session
from gateway.adapters.webstore.database import WebDatabase
from gateway.domain.units import NS_PER_S
from gateway.ports.clock import WallClock

LIFETIME_S = 12 * 3600
_SECRET_BYTES = 32


class StoredSessions:
    """Implements :class:`gateway.adapters.web.access.Sessions`.

    ``people`` maps the SHA-256 of a token to its person. Tokens and secrets are kept as hashes
    only; they have 256 random bits, which nobody tries out. A session is kept under the hash of
    its secret and its person's token together, so it ends where the token is replaced. Threads may
    share it.
    """

    def __init__(
        self, database: WebDatabase, people: Mapping[str, Person], clock: WallClock
    ) -> None:
        self._database = database
        self._people = dict(people)
        self._clock = clock
        self._known: dict[str, tuple[Session, int]] = {}
        self._changing = threading.Lock()
        self._load()

    def person(self, token: str) -> Person | None:
        """See the port."""
        return self._people.get(hashed(token)) if token else None

    def session(self, secret: str) -> Session | None:
        """See the port."""
        for key in self._keys(secret) if secret else ():
            found = self._known.get(key)
            if found is not None:
                session, expires_ns = found
                return session if expires_ns > self._clock.now_ns() else None
        return None

    def open(self, token: str) -> tuple[str, Session] | None:
        """See the port."""
        person = self.person(token)
        if person is None:
            return None
        secret, csrf = secrets.token_urlsafe(_SECRET_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
        now_ns = self._clock.now_ns()
        expires_ns = now_ns + LIFETIME_S * NS_PER_S
        key = _bound(secret, hashed(token))
        row = (key, person.name, csrf, expires_ns)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE expires_ns <= ?", (now_ns,))
            connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", row)
        session = Session(person, csrf)
        with self._changing:
            for old in [old for old, one in self._known.items() if one[1] <= now_ns]:
                del self._known[old]
            self._known[key] = (session, expires_ns)
        return secret, session

    def close(self, secret: str) -> None:
        """See the port."""
        keys = [(key,) for key in self._keys(secret)]
        with self._changing:
            for (key,) in keys:
                self._known.pop(key, None)
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM sessions WHERE secret_sha256 = ?", keys)

    def _keys(self, secret: str) -> list[str]:
        return [_bound(secret, token_sha256) for token_sha256 in self._people]

    def _load(self) -> None:
        """Nobody finds those of people who are no longer named."""
        names = {person.name: person for person in self._people.values()}
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM sessions").fetchall()
        for row in rows:
            if row["name"] in names:
                session = Session(names[row["name"]], row["csrf"])
                self._known[row["secret_sha256"]] = (session, row["expires_ns"])


def _bound(secret: str, token_sha256: str) -> str:
    return hashed(f"{secret}:{token_sha256}")


def hashed(secret: str) -> str:
    """As a token or secret is kept."""
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
