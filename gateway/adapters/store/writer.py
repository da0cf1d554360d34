"""The store's one writer."""

import asyncio
import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TypeVar

from gateway.adapters.store.chain import canonical, link
from gateway.adapters.store.folders import (
    make_private,
    open_private,
    plain_name,
    put_in_place,
    sync_folder,
    write_aside,
)
from gateway.adapters.store.head import Head, write_head
from gateway.adapters.store.reader import StoreReader
from gateway.adapters.store.recovery import recover
from gateway.adapters.store.schema import DATABASE, DELIVERIES, LOCK, connect, prepare
from gateway.domain.errors import StoreError
from gateway.ports.store import Json, StoredEvent

T = TypeVar("T")


class StoreWriter(StoreReader):
    """Implements :class:`gateway.ports.store.RecordStore`.

    Everything is written by one thread through one connection. After a failure nothing more is
    written: what the disk holds then is what can be trusted.
    """

    def __init__(self, root: Path, connection: sqlite3.Connection, lock: int, head: Head) -> None:
        super().__init__(root, connection)
        self._lock: int | None = lock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._failure: StoreError | None = None
        self._sequence, self._sha256 = head

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
        """See the port; gives up the writer's place too. Idempotent."""
        if self._lock is not None:
            self._thread.shutdown()
            super().close()
            os.close(self._lock)
            self._lock = None

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
        write_head(self._root, (sequence, sha256))
        return StoredEvent(sequence, delivery_id, kind, at_ns, body, sha256)

    def _append_samples(self, delivery_id: str, beam_number: int, rows: bytes, count: int) -> None:
        self._connection.execute(
            "INSERT INTO samples (delivery_id, beam_number, count, rows) VALUES (?, ?, ?, ?)",
            (delivery_id, beam_number, count, rows),
        )

    def _keep_file(self, delivery_id: str, name: str, content: bytes, at_ns: int) -> Path:
        """The event is committed before the file takes its place: see :mod:`.recovery`."""
        folder = self.directory(delivery_id)
        if not folder.is_dir():
            make_private(folder)
            sync_folder(folder.parent)
        write_aside(folder, name, content)
        body: dict[str, Json] = {
            "name": name,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        self._append(delivery_id, "file", body, at_ns)
        return put_in_place(folder, name)


def open_store(root: Path) -> StoreWriter:
    """Open or make a store, take its one writer's place, and finish what a crash left undone.

    Raises StoreError when another process writes it (naming that process), when the folder cannot
    be used, when the store is of another schema, or when its chain is not whole.
    """
    with ExitStack() as undo:
        try:
            make_private(root)
            make_private(root / DELIVERIES)
            sync_folder(root)
            lock = open_private(root / LOCK)
            undo.callback(os.close, lock)
            _take_place(root, lock)
            if not (root / DATABASE).exists():
                _make(root)
            connection = connect(root / DATABASE, read_only=False)
            undo.callback(connection.close)
            prepare(connection, root / DATABASE)
            head = recover(connection, root)
        except (OSError, sqlite3.Error, ValueError) as error:
            raise StoreError(f"{root}: the record store cannot be opened: {error}") from error
        undo.pop_all()
    return StoreWriter(root, connection, lock, head)


def _make(root: Path) -> None:
    """Make the database under another name: who looks for one finds it whole, or not at all."""
    new = root / f"{DATABASE}.new"
    for left in (new, Path(f"{new}-wal"), Path(f"{new}-shm")):  # by a crash
        left.unlink(missing_ok=True)
    os.close(open_private(new))
    with closing(connect(new, read_only=False)) as connection:
        prepare(connection, new)
    new.replace(root / DATABASE)
    sync_folder(root)


def _take_place(root: Path, lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
        raise StoreError(f"{root}: process {holder} is writing this store") from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
