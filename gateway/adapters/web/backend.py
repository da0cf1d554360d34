"""What the routes ask for. Every method may block, and raises Refused where it cannot answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gateway.adapters.web.access import Person

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a delivery on disk."""

    path: Path
    name: str
    media_type: str


class Record(Protocol):
    """Reads the record."""

    def deliveries(self, search: str, verdict: str | None, limit: int, offset: int) -> Row:
        """A page of the history, newest first."""
        ...

    def delivery(self, delivery_id: str) -> Row:
        """A delivery with its beams and causes."""
        ...

    def events(self, delivery_id: str, after: int, limit: int) -> Row:
        """Events of a delivery after a sequence, in order."""
        ...

    def telemetry(self, delivery_id: str, beam: int, every: int, columns: Sequence[str]) -> Row:
        """Columns of a beam, of all where none is named."""
        ...

    def telemetry_file(self, delivery_id: str, beam: int) -> bytes:
        """A beam as a Parquet file."""
        ...

    def curves(self, delivery_id: str, beam: int) -> Row:
        """Errors of a beam over meterset and by leaf."""
        ...

    def images(self, delivery_id: str) -> Row:
        """The portal images of a delivery."""
        ...

    def image_file(self, delivery_id: str, image: int) -> KeptFile:
        """An image object."""
        ...

    def picture(
        self, delivery_id: str, image: int, frame: int, low: float | None, high: float | None
    ) -> bytes:
        """A frame (from 1) as a PNG, windowed."""
        ...

    def files(self, delivery_id: str) -> Row:
        """The files of a delivery."""
        ...

    def file(self, delivery_id: str, name: str) -> KeptFile:
        """A file of a delivery."""
        ...

    def trend(self, axis: str | None, limit: int) -> Row:
        """The error of an axis in the newest deliveries."""
        ...


class Plans(Protocol):
    """Plans that may be delivered from here."""

    def plans(self) -> Row:
        """Plans, newest first."""
        ...

    def plan(self, plan_id: str) -> Row:
        """A plan and its findings."""
        ...

    def add(self, content: bytes, person: Person) -> Row:
        """Take a plan file."""
        ...

    def generate(self, technique: str, machine: str | None, seed: int, person: Person) -> Row:
        """Make a plan."""
        ...


class Queue(Protocol):
    """The queue of the room."""

    def items(self) -> Row:
        """The queue, oldest first."""
        ...

    def item(self, item: str) -> Row:
        """An item that was proposed here."""
        ...

    def propose(self, wanted: Row, person: Person) -> Row:
        """Put a plan into the queue."""
        ...

    def arm(self, item: str, code: str, person: Person) -> Row:
        """Arm an item by its code."""
        ...

    def deliver(self, item: str, person: Person) -> Row:
        """Deliver what is armed."""
        ...

    def withdraw(self, item: str, person: Person) -> Row:
        """Take an item out."""
        ...

    def command(self, do: str, delivery_id: str, person: Person) -> Row:
        """Hold, resume or abort a delivery."""
        ...


class Alarms(Protocol):
    """What a person should know of."""

    def alarms(self, limit: int, *, only_open: bool) -> Row:
        """Alarms, newest first."""
        ...

    def acknowledge(self, alarm: str, note: str, person: Person) -> Row:
        """Keep that somebody has seen an alarm."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer that was given before."""

    status: int
    media_type: str
    answer: bytes


class Ledger(Protocol):
    """Which commands were carried out: each key of a person once. May block. Raises StoreError."""

    def begin(self, name: str, key: str, request_sha256: str) -> Stored | None:
        """None for a new one; the answer it had; Refused for another request or one at work."""
        ...

    def answered(self, name: str, key: str, answer: Stored) -> None:
        """Keep the answer."""
        ...
