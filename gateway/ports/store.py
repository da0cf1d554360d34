"""Where deliveries are recorded: append-only, hash-chained, durable before anything is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.domain.findings import Finding

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One link of the chain. ``sequence`` counts from 1 over the whole store."""

    sequence: int
    delivery_id: str
    kind: str
    at_ns: int
    body: Mapping[str, Json]
    sha256: str


class RecordReader(Protocol):
    """Reads a store; any number of them, also while a writer is at work."""

    def deliveries(self) -> Sequence[str]:
        """Every delivery id, oldest first."""
        ...

    def events(self, delivery_id: str) -> Sequence[StoredEvent]:
        """The delivery's events in order; empty when there is no such delivery."""
        ...

    def events_after(self, sequence: int, limit: int) -> Sequence[StoredEvent]:
        """At most ``limit`` events of the whole store that follow ``sequence``, in order."""
        ...

    def samples(self, delivery_id: str, beam_number: int) -> bytes:
        """The packed telemetry rows that were committed for a beam, in order."""
        ...

    def directory(self, delivery_id: str) -> Path:
        """The folder that keeps the delivery's files."""
        ...

    def verify(self, delivery_id: str) -> Sequence[Finding]:
        """Check the chain (whole store) and the delivery's files; no error finding: sound."""
        ...

    def close(self) -> None:
        """Release the store."""
        ...


class RecordStore(RecordReader, Protocol):
    """The store's one writer.

    Every method raises StoreError, never retries, and after an error refuses to write more.
    """

    async def append(
        self, delivery_id: str, kind: str, body: Mapping[str, Json], at_ns: int
    ) -> StoredEvent:
        """Append an event; it is durable when this returns."""
        ...

    async def append_samples(
        self, delivery_id: str, beam_number: int, rows: bytes, count: int
    ) -> None:
        """Append packed telemetry rows; durable when this returns."""
        ...

    async def keep_file(self, delivery_id: str, name: str, content: bytes, at_ns: int) -> Path:
        """Write a file into the delivery's folder and append a ``file`` event; durable on return.

        The file is written aside, synced and renamed; the event has its name, size and SHA-256.
        """
        ...
