"""The node's database: one file, any number of processes and threads of the node."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.adapters.nodestore.schema import TABLES, VERSION
from gateway.domain.errors import StoreError

DATABASE = "node.sqlite"
BUSY_MS = 10_000


class NodeDatabase:
    """Connections to ``ROOT/node.sqlite``, one per thread; every commit is synced.

    Safe to share between threads. A process makes its own.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{root}: {error.strerror}") from error
        with self.transaction() as connection:
            _prepare(connection, root / DATABASE)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write; durable when the block has ended, undone when it raises. Raises StoreError."""
        try:
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(f"{self.root / DATABASE}: {error}") from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read what is committed. Raises StoreError."""
        try:
            yield self._connection()
        except sqlite3.Error as error:
            raise StoreError(f"{self.root / DATABASE}: {error}") from error

    def close(self) -> None:
        """Close every thread's connection; idempotent."""
        with self._lock:
            opened, self._opened = self._opened, []
            self._local = threading.local()
        for connection in opened:
            connection.close()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = _connect(self.root / DATABASE)
            self._local.connection = connection
            with self._lock:
                self._opened.append(connection)
        return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables and not found:
        for statement in TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    elif found != VERSION:
        raise StoreError(f"{path}: schema version {found}, this program writes {VERSION}")
