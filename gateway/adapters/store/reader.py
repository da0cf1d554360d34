"""Reading the store, also while its writer is at work."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway.adapters.store.folders import delivery_folder
from gateway.adapters.store.schema import DATABASE, connect, require_version
from gateway.adapters.store.verification import verify_store
from gateway.domain.errors import StoreError
from gateway.domain.findings import Finding
from gateway.ports.store import StoredEvent

_EVENTS = "SELECT sequence, delivery_id, kind, at_ns, body, sha256 FROM events "


class StoreReader:
    """Implements :class:`gateway.ports.store.RecordReader`."""

    def __init__(self, root: Path, connection: sqlite3.Connection) -> None:
        self._root = root
        self._connection = connection

    def deliveries(self) -> Sequence[str]:
        """See the port."""
        rows = self._rows(
            "SELECT delivery_id FROM events GROUP BY delivery_id ORDER BY min(sequence)"
        )
        return [row[0] for row in rows]

    def events(self, delivery_id: str) -> Sequence[StoredEvent]:
        """See the port."""
        return self._events("WHERE delivery_id = ? ORDER BY sequence", delivery_id)

    def events_after(self, sequence: int, limit: int) -> Sequence[StoredEvent]:
        """See the port."""
        return self._events("WHERE sequence > ? ORDER BY sequence LIMIT ?", sequence, limit)

    def samples(self, delivery_id: str, beam_number: int) -> bytes:
        """See the port."""
        rows = self._rows(
            "SELECT rows FROM samples WHERE delivery_id = ? AND beam_number = ? ORDER BY chunk",
            delivery_id,
            beam_number,
        )
        return b"".join(row[0] for row in rows)

    def directory(self, delivery_id: str) -> Path:
        """See the port."""
        return delivery_folder(self._root, delivery_id)

    def verify(self, delivery_id: str) -> Sequence[Finding]:
        """See the port."""
        try:
            return verify_store(self._connection, self._root, delivery_id)
        except sqlite3.Error as error:
            raise StoreError(f"{self._root}: {error}") from error

    def close(self) -> None:
        """See the port."""
        self._connection.close()

    def _events(self, which: str, *parameters: object) -> Sequence[StoredEvent]:
        return [self._event(*row) for row in self._rows(_EVENTS + which, *parameters)]

    def _event(
        self, sequence: int, name: str, kind: str, at_ns: int, body: str, sha256: str
    ) -> StoredEvent:
        try:
            return StoredEvent(sequence, name, kind, at_ns, json.loads(body), sha256)
        except ValueError as error:
            text = f"{self._root}: an event of {name} is damaged: {error}; see verify"
            raise StoreError(text) from error

    def _rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self._root}: {error}") from error


def open_reader(root: Path) -> StoreReader:
    """Open an existing store. Raises StoreError when there is none, or it is of another kind."""
    path = root / DATABASE
    if not path.is_file():
        raise StoreError(f"no record store in {root}; name its folder with --store")
    connection = connect(path, read_only=True)
    try:
        require_version(connection, path)
    except StoreError:
        connection.close()
        raise
    return StoreReader(root, connection)
