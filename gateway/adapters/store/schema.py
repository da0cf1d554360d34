"""The tables of the store, and connections to them."""

import sqlite3
from pathlib import Path

from gateway.domain.errors import StoreError

VERSION = 1
DATABASE = "record.sqlite"
HEAD = "record.head"
LOCK = "record.lock"
DELIVERIES = "deliveries"

_TABLES = """
CREATE TABLE events (
  sequence INTEGER PRIMARY KEY,
  delivery_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  at_ns INTEGER NOT NULL,
  body TEXT NOT NULL,
  sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_delivery ON events (delivery_id, sequence);
CREATE TABLE samples (
  chunk INTEGER PRIMARY KEY,
  delivery_id TEXT NOT NULL,
  beam_number INTEGER NOT NULL,
  count INTEGER NOT NULL,
  rows BLOB NOT NULL
) STRICT;
CREATE INDEX samples_by_beam ON samples (delivery_id, beam_number, chunk);
"""
_APPEND_ONLY = """
CREATE TRIGGER {table}_{verb}_refused BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END;
"""


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """A connection in WAL mode that syncs every commit. Raises StoreError."""
    mode = "ro" if read_only else "rwc"
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA busy_timeout = 5000")
        if not read_only:
            (journal,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = FULL")
            if journal != "wal":
                raise StoreError(f"{path}: its file system cannot keep a write-ahead log")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from error
    return connection


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new store, or check the version of an old one. Raises StoreError."""
    try:
        if _is_empty(connection):
            triggers = "".join(
                _APPEND_ONLY.format(table=table, verb=verb)
                for table in ("events", "samples")
                for verb in ("UPDATE", "DELETE")
            )
            connection.executescript(
                f"BEGIN;{_TABLES}{triggers}PRAGMA user_version = {VERSION};COMMIT;"
            )
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from error
    require_version(connection, path)


def require_version(connection: sqlite3.Connection, path: Path) -> None:
    """Raises StoreError when the store is of another schema, or none."""
    try:
        found = _version(connection)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: not a record store: {error}") from error
    if found != VERSION:
        raise StoreError(
            f"{path}: schema version {found}, this program writes {VERSION}; "
            "name another folder with --store"
        )


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _is_empty(connection: sqlite3.Connection) -> bool:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return not tables and _version(connection) == 0
