"""The store's one writer."""

import asyncio
import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from gateway.adapters.store.chain import GENESIS, canonical, link
from gateway.adapters.store.folders import make_private, plain_name, sync_folder, write_whole
from gateway.adapters.store.reader import StoreReader
from gateway.adapters.store.schema import DATABASE, HEAD, LOCK, connect, prepare
from gateway.domain.errors import StoreError
from gateway.ports.store import Json, StoredEvent

T = TypeVar("T")


class StoreWriter(StoreReader):
    """Implements :class:`gateway.ports.store.RecordStore`.

    Everything is written by one thread through one connection. After a failure nothing more is
    written: what the disk holds then is what can be trusted.
    """

    def __init__(self, root: Path, connection: sqlite3.Connection, lock: int) -> None:
        super().__init__(root, connection)
        self._lock = lock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._failure: StoreError | None = None
        row = connection.execute(
            "SELECT sequence, sha256 FROM events ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
        self._sequence: int = row[0] if row else 0
        self._sha256: str = row[1] if row else GENESIS

    async def append(
        self, delivery_id: str, kind: str, body: Mapping[str, Json], at_ns: int
    ) -> StoredEvent:
        """See the port."""
        return await self._write(lambda: self._append(delivery_id, kind, body, at_ns))

    async def append_samples(
        self, delivery_id: str, beam_number: int, rows: bytes, count: int
    ) -> None:
        """See the port."""
        await self._write(lambda: self._append_samples(delivery_id, beam_number, rows, count))

    async def keep_file(self, delivery_id: str, name: str, content: bytes, at_ns: int) -> Path:
        """See the port."""
        return await self._write(lambda: self._keep_file(delivery_id, name, content, at_ns))

    def close(self) -> None:
        """See the port; gives up the writer's place too."""
        self._thread.shutdown()
        super().close()
        os.close(self._lock)

    async def _write(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, work)

    def _guarded(self, work: Callable[[], T]) -> T:
        if self._failure is not None:
            raise StoreError(f"nothing more is written after: {self._failure}")
        try:
            return work()
        except (sqlite3.Error, OSError, ValueError) as error:
            self._failure = StoreError(f"{self._root}: the record cannot be written: {error}")
            raise self._failure from error

    def _append(
        self, delivery_id: str, kind: str, body: Mapping[str, Json], at_ns: int
    ) -> StoredEvent:
        plain_name(delivery_id)
        text, sequence = canonical(body), self._sequence + 1
        sha256 = link(self._sha256, sequence, delivery_id, kind, at_ns, text)
        self._connection.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)",
            (sequence, delivery_id, kind, at_ns, text, sha256),
        )
        self._sequence, self._sha256 = sequence, sha256
        self._write_head()
        return StoredEvent(sequence, delivery_id, kind, at_ns, body, sha256)

    def _append_samples(self, delivery_id: str, beam_number: int, rows: bytes, count: int) -> None:
        self._connection.execute(
            "INSERT INTO samples (delivery_id, beam_number, count, rows) VALUES (?, ?, ?, ?)",
            (delivery_id, beam_number, count, rows),
        )

    def _keep_file(self, delivery_id: str, name: str, content: bytes, at_ns: int) -> Path:
        folder = self.directory(delivery_id)
        if not folder.is_dir():
            make_private(folder)
            sync_folder(folder.parent)
        path = write_whole(folder, name, content)
        body: dict[str, Json] = {
            "name": name,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        self._append(delivery_id, "file", body, at_ns)
        return path

    def _write_head(self) -> None:
        """The head follows the commit: after a crash it may be one event behind, never ahead."""
        head = canonical({"sequence": self._sequence, "sha256": self._sha256})
        write_whole(self._root, HEAD, head.encode())


def open_store(root: Path) -> StoreWriter:
    """Open or make a store and take its one writer's place.

    Raises StoreError when another process writes it (naming that process), when the folder cannot
    be used, or when the store is of another schema.
    """
    try:
        make_private(root)
        lock = os.open(root / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"{root}: {error.strerror}") from error
    try:
        _take_place(root, lock)
        connection = connect(root / DATABASE, read_only=False)
        try:
            prepare(connection, root / DATABASE)
        except StoreError:
            connection.close()
            raise
    except StoreError:
        os.close(lock)
        raise
    return StoreWriter(root, connection, lock)


def _take_place(root: Path, lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
        raise StoreError(f"{root}: process {holder} is writing this store") from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
