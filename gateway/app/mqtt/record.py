"""The record as it is followed from another process; there may be none yet."""

import threading
from collections.abc import Sequence
from pathlib import Path

from gateway.adapters.store import open_reader
from gateway.adapters.store.head import read_head
from gateway.adapters.store.schema import DATABASE
from gateway.domain.errors import StoreError
from gateway.ports.store import RecordReader, StoredEvent


class Record:
    """Events after a sequence. Any thread may call; every method raises StoreError."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._reader: RecordReader | None = None
        self._lock = threading.Lock()

    def events_after(self, sequence: int, limit: int) -> Sequence[StoredEvent]:
        """At most ``limit`` events after ``sequence``; none where there is no record yet."""
        with self._lock:
            if self._reader is None:
                if not (self._store / DATABASE).exists():
                    return ()
                self._reader = open_reader(self._store)
            return self._reader.events_after(sequence, limit)

    def holds(self, sequence: int) -> bool:
        """Whether there is an event of that sequence, or it is 0."""
        return sequence == 0 or bool(self.events_after(sequence - 1, 1))

    def newest(self) -> int:
        """The sequence of the newest event, 0 where there is none."""
        try:
            head = read_head(self._store)
        except (OSError, ValueError) as error:
            raise StoreError(f"{self._store}: its head cannot be read: {error}") from error
        return 0 if head is None else head[0]

    def close(self) -> None:
        """Release the store."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
