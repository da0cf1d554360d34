"""What the next writer does after a crash, before it writes.

An event is committed, then the head follows; a file is written aside, recorded, then put in its
place. A process that died in between left a head that is behind, or a file that stands aside.
"""

import hashlib
import json
import sqlite3
from pathlib import Path

from gateway.adapters.store.folders import delivery_folder, files_aside, put_in_place
from gateway.adapters.store.head import BEGINNING, Head, read_head, write_head
from gateway.adapters.store.verification import against_head
from gateway.domain.errors import StoreError
from gateway.domain.findings import Severity


def recover(connection: sqlite3.Connection, root: Path) -> Head:
    """Bring head and files up to the newest event; the head to go on from.

    Raises StoreError when the chain does not reach its head (new events would hide that), OSError
    and sqlite3.Error.
    """
    newest = connection.execute(
        "SELECT sequence, sha256, delivery_id, kind, body FROM events "
        "ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    if newest is None:
        _require_head(connection, root, 0)
        write_head(root, BEGINNING)
        return BEGINNING
    sequence, sha256, delivery_id, kind, body = newest
    _require_head(connection, root, sequence)
    _settle_files(delivery_folder(root, delivery_id), json.loads(body) if kind == "file" else {})
    write_head(root, (sequence, sha256))
    return sequence, sha256


def _require_head(connection: sqlite3.Connection, root: Path, count: int) -> None:
    try:
        head = read_head(root)
    except ValueError as error:
        raise StoreError(_refusal(root, f"its head is damaged: {error}")) from error
    sequence, _ = head or BEGINNING
    rows = connection.execute("SELECT sha256 FROM events WHERE sequence = ?", (sequence,))
    (sha256,) = rows.fetchone() or (BEGINNING[1] if sequence == 0 else None,)
    finding = against_head(head, count, sha256)
    if finding.severity is Severity.ERROR:
        raise StoreError(_refusal(root, finding.message))


def _refusal(root: Path, why: str) -> str:
    return (
        f"{root}: nothing is added to a record that was damaged or altered: {why}; "
        "keep it for inspection and name another folder with --store"
    )


def _settle_files(folder: Path, recorded: dict[str, object]) -> None:
    """Put the newest event's file in its place; remove what was never recorded."""
    for name, path in files_aside(folder).items():
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        if (name, sha256) == (recorded.get("name"), recorded.get("sha256")):
            put_in_place(folder, name)
        else:
            path.unlink()
