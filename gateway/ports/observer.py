"""Who watches a delivery from the side, and can never hold it up."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.domain.delivery import CouchSample, FrameKind, MachineSample
from gateway.domain.program import MachineProgram
from gateway.ports.store import StoredEvent


@dataclass(frozen=True, slots=True)
class KeptFrame:
    """A portal frame that is on disk: uint16, little-endian, row by row, from ``offset`` on.

    Metersets are the plan beam's cumulative meterset; CU = pixel * ``cu_per_count``.
    """

    beam_number: int
    number: int
    kind: FrameKind
    path: Path
    offset: int
    rows: int
    columns: int
    start_meterset_mu: float
    end_meterset_mu: float
    cu_per_count: float
    saturated: int


class Observer(Protocol):
    """Told what is durable, in order, after it is so.

    Called on the event loop of the delivery, ``on_frame`` in the thread that wrote the frame.
    Every method returns at once and raises nothing: whoever cannot take what is told loses it,
    and counts what it lost.
    """

    def on_link(self, device: str, state: str) -> None:
        """The link of ``linac``, ``couch`` or ``imager`` is in that state (LinkState) now."""

    def on_event(self, event: StoredEvent) -> None:
        """The record has an event more."""

    def on_beam(self, program: MachineProgram) -> None:
        """The samples that follow are of this program."""

    def on_samples(self, samples: Sequence[MachineSample]) -> None:
        """One commit of telemetry, in order."""

    def on_couch(self, sample: CouchSample) -> None:
        """A couch report (kept with the beam's file at its end, not in the samples)."""

    def on_frame(self, frame: KeptFrame) -> None:
        """A portal frame is on disk."""


class Unobserved:
    """Nobody watches."""

    def on_link(self, device: str, state: str) -> None:
        """See the port."""

    def on_event(self, event: StoredEvent) -> None:
        """See the port."""

    def on_beam(self, program: MachineProgram) -> None:
        """See the port."""

    def on_samples(self, samples: Sequence[MachineSample]) -> None:
        """See the port."""

    def on_couch(self, sample: CouchSample) -> None:
        """See the port."""

    def on_frame(self, frame: KeptFrame) -> None:
        """See the port."""
