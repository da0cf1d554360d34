"""A store and frames in memory, that fail when a test says so."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gateway.domain.delivery import (
    PortalFrame,
)
from gateway.domain.errors import StoreError
from gateway.domain.findings import Finding
from gateway.ports.store import Json, StoredEvent
from tests.delivery.fakes import WIRE_S


class MemoryStore:
    """A record store in memory whose disk can fail at the n-th write (from 1)."""

    def __init__(self, fails_at: int = 0) -> None:
        self.stored: list[StoredEvent] = []
        self.writes = 0
        self.samples_written = 0
        self._fails_at = fails_at

    @property
    def kinds(self) -> list[str]:
        """The kinds of all events, in order."""
        return [event.kind for event in self.stored]

    async def append(
        self, delivery_id: str, kind: str, body: Mapping[str, Json], at_ns: int
    ) -> StoredEvent:
        await self._write()
        event = StoredEvent(len(self.stored) + 1, delivery_id, kind, at_ns, body, "")
        self.stored.append(event)
        return event

    async def append_samples(
        self, delivery_id: str, beam_number: int, rows: bytes, count: int
    ) -> None:
        await self._write()
        self.samples_written += count

    async def keep_file(self, delivery_id: str, name: str, content: bytes, at_ns: int) -> Path:
        await self.append(delivery_id, "file", {"name": name}, at_ns)
        return Path(name)

    def events(self, delivery_id: str) -> Sequence[StoredEvent]:
        return self.stored

    def events_after(self, sequence: int, limit: int) -> Sequence[StoredEvent]:
        return self.stored[sequence : sequence + limit]

    def deliveries(self) -> Sequence[str]:
        return ["D"]

    def samples(self, delivery_id: str, beam_number: int) -> bytes:
        return b""

    def directory(self, delivery_id: str) -> Path:
        return Path(delivery_id)

    def verify(self, delivery_id: str) -> Sequence[Finding]:
        return ()

    def close(self) -> None:
        return

    async def _write(self) -> None:
        self.writes += 1
        failed = self._fails_at and self.writes >= self._fails_at
        await asyncio.sleep(WIRE_S / 10)
        if failed:
            raise StoreError("the disk is full")


class Frames:
    """A frame sink; ``error`` is told by ``flush``."""

    def __init__(self) -> None:
        self.kept: list[PortalFrame] = []
        self.error: StoreError | None = None

    def put(self, frame: PortalFrame) -> None:
        self.kept.append(replace(frame))

    async def flush(self) -> None:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
