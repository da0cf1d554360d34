"""Browsers' sessions: kept in memory, and durable, so that a restart asks nobody again."""

import secrets
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
    only; they have 256 random bits, which nobody tries out.
    """

    def __init__(
        self, database: WebDatabase, people: Mapping[str, Person], clock: WallClock
    ) -> None:
        self._database = database
        self._people = dict(people)
        self._names = {person.name: person for person in people.values()}
        self._clock = clock
        self._known: dict[str, tuple[Session, int]] = {}
        self._load()

    def person(self, token: str) -> Person | None:
        """See the port."""
        return self._people.get(hashed(token)) if token else None

    def session(self, secret: str) -> Session | None:
        """See the port."""
        found = self._known.get(hashed(secret)) if secret else None
        if found is None or found[1] <= self._clock.now_ns():
            return None
        return found[0]

    def open(self, token: str) -> tuple[str, Session] | None:
        """See the port."""
        person = self.person(token)
        if person is None:
            return None
        secret, csrf = secrets.token_urlsafe(_SECRET_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
        now_ns = self._clock.now_ns()
        expires_ns = now_ns + LIFETIME_S * NS_PER_S
        row = (hashed(secret), person.name, csrf, expires_ns)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE expires_ns <= ?", (now_ns,))
            connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", row)
        self._known = {key: one for key, one in self._known.items() if one[1] > now_ns}
        session = Session(person, csrf)
        self._known[hashed(secret)] = (session, expires_ns)
        return secret, session

    def close(self, secret: str) -> None:
        """See the port."""
        self._known.pop(hashed(secret), None)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE secret_sha256 = ?", (hashed(secret),))

    def _load(self) -> None:
        """Sessions of people who are no longer named end."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM sessions").fetchall()
        for row in rows:
            person = self._names.get(row["name"])
            if person is not None:
                self._known[row["secret_sha256"]] = (
                    Session(person, row["csrf"]),
                    row["expires_ns"],
                )


def hashed(secret: str) -> str:
    """As a token or secret is kept."""
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
