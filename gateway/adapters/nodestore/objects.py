"""The objects that the node holds: a row for each, beside its file."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from gateway.adapters.nodestore.contents import Content
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.files import FiledContent, ObjectFiles
from gateway.dicom.object_header import ObjectHeader
from gateway.domain.findings import Finding, Severity

_INSERT = "INSERT OR IGNORE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_JSON = json.JSONEncoder(ensure_ascii=False)


class Kept(StrEnum):
    """What became of an object that came.

    CONFLICT: the node has other content under that UID, and keeps it.
    """

    NEW = "new"
    SAME = "same"
    CONFLICT = "conflict"


class State(StrEnum):
    """How far an object has been judged."""

    RECEIVED = "received"
    VALID = "valid"
    INVALID = "invalid"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An object as it came: ``head`` is the file's preamble and meta information."""

    header: ObjectHeader
    head: bytes
    dataset: Content
    calling_ae: str
    received_ns: int
    state: State = State.RECEIVED
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of the node."""

    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    calling_ae: str
    sha256: str
    size_bytes: int
    received_ns: int
    state: State
    findings: tuple[Finding, ...]
    path: Path


class Objects:
    """The table ``objects`` and its files. Every method raises StoreError."""

    def __init__(
        self,
        database: NodeDatabase,
        files: ObjectFiles,
        is_same: Callable[[Path, Arrival], bool],
    ) -> None:
        """``is_same`` tells whether a file of the node holds the object that arrived."""
        self._database = database
        self._files = files
        self._is_same = is_same

    def keep(self, arrival: Arrival) -> Kept:
        """Keep an object: it is durable on return. Raises DiskFull too."""
        known = self._compare(arrival)
        if known is not None:
            return known
        filed = self._files.file((arrival.head, arrival.dataset))
        if self._insert(arrival, filed):
            return Kept.NEW
        kept = self._compare(arrival) or Kept.CONFLICT
        if kept is Kept.CONFLICT:
            self._files.discard(filed.sha256)
        return kept

    def get(self, sop_instance_uid: str) -> StoredObject | None:
        """One object."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT * FROM objects WHERE sop_instance_uid = ?", (sop_instance_uid,)
            ).fetchone()
        return None if row is None else self._stored(row)

    def in_state(self, state: State, limit: int) -> list[StoredObject]:
        """The objects of a state, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM objects WHERE state = ? ORDER BY received_ns LIMIT ?",
                (state, limit),
            ).fetchall()
        return [self._stored(row) for row in rows]

    def mark(self, sop_instance_uid: str, state: State, findings: Sequence[Finding]) -> None:
        """What judging it has shown."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE objects SET state = ?, findings = ? WHERE sop_instance_uid = ?",
                (state, _findings_text(findings), sop_instance_uid),
            )

    def sweep(self) -> int:
        """Remove files that a crash left without an object; only when nobody writes. How many."""
        with self._database.reading() as connection:
            known = {row["sha256"] for row in connection.execute("SELECT sha256 FROM objects")}
        return self._files.sweep(known)

    def _compare(self, arrival: Arrival) -> Kept | None:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT sha256 FROM objects WHERE sop_instance_uid = ?",
                (arrival.header.sop_instance_uid,),
            ).fetchone()
        if row is None:
            return None
        path = self._files.path(row["sha256"])
        return Kept.SAME if self._is_same(path, arrival) else Kept.CONFLICT

    def _insert(self, arrival: Arrival, filed: FiledContent) -> bool:
        header = arrival.header
        row = (
            header.sop_instance_uid,
            header.sop_class_uid,
            header.transfer_syntax_uid,
            header.study_instance_uid,
            header.series_instance_uid,
            header.modality,
            header.patient_id,
            header.patient_name,
            _JSON.encode(header.attributes),
            arrival.calling_ae,
            filed.sha256,
            filed.size_bytes,
            arrival.received_ns,
            arrival.state,
            _findings_text(arrival.findings),
        )
        with self._database.transaction() as connection:
            done = connection.execute(_INSERT, row)
            return done.rowcount == 1

    def _stored(self, row: sqlite3.Row) -> StoredObject:
        return StoredObject(
            row["sop_instance_uid"],
            row["sop_class_uid"],
            row["transfer_syntax_uid"],
            row["calling_ae"],
            row["sha256"],
            row["size_bytes"],
            row["received_ns"],
            State(row["state"]),
            tuple(_findings(row["findings"])),
            self._files.path(row["sha256"]),
        )


def _findings_text(findings: Sequence[Finding]) -> str:
    rows = [[f.severity.value, f.rule, f.path, f.message, f.clause] for f in findings]
    return _JSON.encode(rows)


def _findings(text: str) -> Iterator[Finding]:
    rows: list[list[Any]] = json.loads(text)
    for severity, rule, path, message, clause in rows:
        yield Finding(Severity(severity), rule, path, message, clause)
