"""How far the record has been told: a small database of its own, beside the store."""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gateway.adapters.store.folders import make_private, open_private
from gateway.domain.errors import StoreError
from gateway.domain.units import NS_PER_S

FILE = "mqtt.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS acknowledged (one INTEGER PRIMARY KEY CHECK (one = 1),
  sequence INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS told (sequence INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL) STRICT;
"""


class Cursor:
    """The last event that a broker has acknowledged, and which were told of late.

    An event is noted before it is told for the first time: what a crash leaves undecided is told
    again as a repeat. Every method blocks, raises StoreError, and is durable on return; any thread
    may call it, also while another does. ``acknowledged`` is the last event that a broker has
    taken.
    """

    def __init__(self, folder: Path, newest: int) -> None:
        """Open, or make one that begins after event ``newest``."""
        self._path = folder / FILE
        self._lock = threading.Lock()
        try:
            make_private(folder)
            os.close(open_private(self._path))
            self._connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(_TABLES)
            self._connection.execute("INSERT OR IGNORE INTO acknowledged VALUES (1, ?)", (newest,))
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{self._path}: {error}") from error
        self.acknowledged = self._number("SELECT sequence FROM acknowledged")

    def told(self) -> int:
        """The last event that may have been told."""
        return max(self.acknowledged, self._number("SELECT max(sequence) FROM told"))

    def last_told_ns(self) -> int:
        """When something was told for the last time; 0 where nothing is kept."""
        return self._number("SELECT max(at_ns) FROM told")

    def begin_at(self, newest: int) -> None:
        """Another record: go on after its event ``newest``, whatever was told of the one before."""
        self._do("DELETE FROM told")
        self._do("UPDATE acknowledged SET sequence = ?", newest)
        self.acknowledged = newest

    def first_since(self, at_ns: int) -> int:
        """The event to go on with, where all that was told since ``at_ns`` is told again."""
        first = self._number("SELECT min(sequence) FROM told WHERE at_ns >= ?", at_ns)
        following = self.acknowledged + 1
        return min(first, following) if first else following

    def telling(self, sequences: Sequence[int], at_ns: int, kept_s: float) -> None:
        """These are told from now on. What was told ``kept_s`` before is forgotten."""
        with self._at_work() as connection:
            connection.execute("BEGIN")
            connection.executemany(
                "INSERT INTO told VALUES (?, ?) ON CONFLICT DO UPDATE SET at_ns = excluded.at_ns",
                [(sequence, at_ns) for sequence in sequences],
            )
            connection.execute(
                "DELETE FROM told WHERE at_ns < ? AND sequence <= "
                "(SELECT sequence FROM acknowledged)",
                (at_ns - round(kept_s * NS_PER_S),),
            )
            connection.execute("COMMIT")

    def acknowledge(self, sequence: int) -> None:
        """The broker has taken everything up to this event."""
        self._do("UPDATE acknowledged SET sequence = max(sequence, ?)", sequence)
        self.acknowledged = max(self.acknowledged, sequence)

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._connection.close()

    def _number(self, sql: str, *parameters: int) -> int:
        with self._at_work() as connection:
            (number,) = connection.execute(sql, parameters).fetchone()
        return int(number or 0)

    def _do(self, sql: str, *parameters: int) -> None:
        with self._at_work() as connection:
            connection.execute(sql, parameters)

    @contextmanager
    def _at_work(self) -> Iterator[sqlite3.Connection]:
        """One at a time: two calls of one connection can end the process."""
        try:
            with self._lock:
                try:
                    yield self._connection
                except BaseException:
                    self._connection.rollback()
                    raise
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error
