"""A database of this program: one file, any number of its processes and threads."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gateway.domain.errors import StoreError

BUSY_MS = 10_000
IDLE_CONNECTIONS = 16


class Database:
    """Connections to ``path``, one for each block at work; every commit is synced.

    Safe to share between threads. A process makes its own. Its folder is made where it is not
    there, its ``tables`` where it is new. Raises StoreError, also for another ``version``.
    """

    def __init__(self, path: Path, tables: Sequence[str], version: int) -> None:
        self.root = path.parent
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)  # its journals have the mode that it has
            path.chmod(0o600)
        except OSError as error:
            raise StoreError(f"{self.root}: {error.strerror}") from error
        if self._version() == version:
            return  # whoever only looks keeps nobody from writing
        with self.transaction() as connection:
            _prepare(connection, path, tables, version)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write; durable when the block has ended, undone when it raises. Raises StoreError."""
        try:
            with self._connection() as connection:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error

    def _version(self) -> int:
        with self.reading() as connection:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
        return int(found)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read what is committed. Raises StoreError."""
        try:
            with self._connection() as connection:
                yield connection
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error

    def close(self) -> None:
        """Close what is not at work; idempotent."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = _connect(self._path)
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        """Threads come and go with associations: their connections outlive them, in number few."""
        with self._lock:
            keep = not connection.in_transaction and len(self._idle) < IDLE_CONNECTIONS
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _prepare(
    connection: sqlite3.Connection, path: Path, wanted: Sequence[str], version: int
) -> None:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables and not found:
        for statement in wanted:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
    elif found != version:
        raise StoreError(f"{path}: schema version {found}, this program writes {version}")
