"""What the outbox holds."""

import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

from gateway.domain.errors import InputError

READ_BYTES = 2**20
"""Read and hashed at a time, while a processor has it at hand."""


class State(StrEnum):
    """How far an object has come.

    QUEUED waits to be sent. SENT was stored by the peer and waits to be committed. COMMITTING was
    asked to be committed. DONE is the peer's alone. PARKED was refused for good: a person decides.
    """

    QUEUED = "queued"
    SENT = "sent"
    COMMITTING = "committing"
    DONE = "done"
    PARKED = "parked"


OPEN = (State.QUEUED, State.SENT, State.COMMITTING)
"""States in which the sender still has something to do, or an answer to wait for."""


@dataclass(frozen=True, slots=True)
class OutgoingObject:
    """An object to send: a DICOM file, whose content is pinned by its SHA-256."""

    sop_class_uid: str
    sop_instance_uid: str
    path: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A row: one object for one destination, an AE title. Times in ns since 1970-01-01 UTC.

    ``tries`` counts failures; ``commitment_uid`` is the newest transaction
    that asks the destination to commit the object; ``reason`` is what was last said about it.
    """

    item: int
    destination: str
    sop_class_uid: str
    sop_instance_uid: str
    path: Path
    sha256: str
    size_bytes: int
    state: State
    tries: int
    next_try_ns: int
    commitment_uid: str
    reason: str
    queued_ns: int
    done_ns: int


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination that could not be reached ``failures`` times in a row."""

    ae_title: str
    failures: int
    next_try_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class NotCommitted:
    """Why a peer does not commit an object; ``final`` where sending it again cannot help."""

    reason: str
    final: bool


@dataclass(frozen=True, slots=True)
class CommitmentAnswer:
    """A destination's answer to one transaction, by SOP Instance UID (PS3.4 J.3.3)."""

    transaction_uid: str
    destination: str
    succeeded: frozenset[str]
    failed: Mapping[str, NotCommitted]


def item_of(row: sqlite3.Row) -> OutboxItem:
    """The item of a row of table ``outbox``."""
    values = {field.name: row[field.name] for field in fields(OutboxItem)}
    return OutboxItem(**values | {"path": Path(row["path"]), "state": State(row["state"])})


class Room:
    """Memory that one object after another is read into.

    Fresh memory for each costs more than reading it.
    """

    def __init__(self) -> None:
        self._held = memoryview(bytearray())

    def of(self, size_bytes: int) -> memoryview:
        """So much of it; what was there before is lost."""
        if len(self._held) < size_bytes:
            self._held = memoryview(bytearray(size_bytes))
        return self._held[:size_bytes]


def pinned_content(item: OutboxItem, room: Room) -> memoryview:
    """The file as it was queued, in ``room``.

    Raises InputError where it is gone, or is another one by now.
    """
    content = room.of(item.size_bytes)
    digest = hashlib.sha256()
    filled = 0
    try:
        with item.path.open("rb", buffering=0) as file:
            while got := file.readinto(content[filled : filled + READ_BYTES]) or 0:
                digest.update(content[filled : filled + got])
                filled += got
            goes_on = bool(file.read(1))
    except OSError as error:
        raise InputError(f"its file cannot be read: {error.strerror}") from error
    if filled < len(content) or goes_on or digest.hexdigest() != item.sha256:
        raise InputError("its file was changed after it was queued")
    return content
