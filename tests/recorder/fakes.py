"""A store that answers when a test says so, and a clock that a test moves."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.delivery import CouchSample, Interlock, MachineSample, MachineState
from gateway.domain.errors import StoreError
from gateway.ports.store import Json, StoredEvent

LAYOUT = AxisLayout((Axis.GANTRY,), (("MLCX", 2),))
SECOND = 1_000_000_000


class Wall:
    """Seconds that pass when a test says so."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Dates:
    """A wall clock that stands still."""

    def now_ns(self) -> int:
        return 1_700_000_000 * SECOND


class FakeStore:
    """Keeps what it is given; ``gate`` holds commits back, ``error`` makes them fail."""

    def __init__(self) -> None:
        self.commits: list[tuple[int, bytes, int]] = []
        self.events: list[tuple[str, Mapping[str, Json]]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def append(
        self, delivery_id: str, kind: str, body: Mapping[str, Json], at_ns: int
    ) -> StoredEvent:
        self.events.append((kind, body))
        return StoredEvent(len(self.events), delivery_id, kind, at_ns, body, "")

    async def append_samples(
        self, delivery_id: str, beam_number: int, rows: bytes, count: int
    ) -> None:
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.commits.append((beam_number, rows, count))

    async def keep_file(self, delivery_id: str, name: str, content: bytes, at_ns: int) -> Path:
        raise StoreError("no files here")

    def counts(self) -> list[int]:
        """How many samples each commit had."""
        return [count for _, _, count in self.commits]


def sample(sequence: int, meterset_mu: float = 0.0) -> MachineSample:
    return MachineSample(
        sequence=sequence,
        machine_time_ns=sequence * SECOND // 50,
        received_ns=sequence * SECOND // 50,
        state=MachineState.BEAM_ON,
        interlocks=Interlock.NONE,
        beam_number=1,
        program_s=sequence / 100,
        meterset_mu=meterset_mu,
        dose_rate_mu_per_min=600.0,
        positions=np.arange(LAYOUT.size, dtype=np.int32) * sequence,
    )


def couch(received_ns: int, lateral_mm: float) -> CouchSample:
    return CouchSample(received_ns, {Axis.COUCH_LATERAL: lateral_mm}, moving=False)
