"""Is the record whole and unaltered."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.adapters.store.chain import GENESIS, link
from gateway.adapters.store.folders import aside, delivery_folder
from gateway.adapters.store.head import BEGINNING, Head, read_head
from gateway.adapters.store.schema import HEAD
from gateway.domain.errors import StoreError
from gateway.domain.findings import Finding, Severity, error, info


def verify_store(
    connection: sqlite3.Connection, root: Path, delivery_id: str
) -> tuple[Finding, ...]:
    """Check the whole chain and its head, then the delivery's samples and files.

    What the events say of samples and files is believed only of a sound chain. A file that was
    recorded when its writer died stands aside until the next writer puts it in its place.
    Raises sqlite3.Error when the database cannot be read at all.
    """
    chain = _chain(connection, root)
    if chain.severity is Severity.ERROR:
        return (chain,)
    return (chain, *_samples(connection, delivery_id), *_files(connection, root, delivery_id))


def against_head(head: Head | None, count: int, sha256: str | None) -> Finding:
    """Compare the head with a chain of ``count`` events; ``sha256`` is that of the head's event."""
    if head is None and count:
        return error("head-missing", HEAD, f"the head of a chain of {count} events is missing")
    sequence, expected = head or BEGINNING
    if sequence > count:
        text = f"{sequence - count} events after event {count} are missing"
        return error("chain-truncated", HEAD, text)
    if sha256 != expected:
        return error("chain-replaced", HEAD, f"event {sequence} is not the one that was written")
    return info("chain", "", f"{count} events, head at event {sequence}")


def _chain(connection: sqlite3.Connection, root: Path) -> Finding:
    try:
        head = read_head(root)  # before the events: a writer at work is ahead of it by then
    except (OSError, ValueError) as reason:
        return error("head-unreadable", HEAD, f"the chain's head cannot be read: {reason}")
    links = [GENESIS]
    for sequence, delivery_id, kind, at_ns, body, sha256 in connection.execute(
        "SELECT sequence, delivery_id, kind, at_ns, body, sha256 FROM events ORDER BY sequence"
    ):
        here = f"event {len(links)}"
        if sequence != len(links):
            return error("chain-gap", here, f"{here} is missing")
        if link(links[-1], sequence, delivery_id, kind, at_ns, body) != sha256:
            return error("chain-broken", here, f"{here} ({kind}) or its predecessor was altered")
        links.append(sha256)
    count, (at_head, _) = len(links) - 1, head or BEGINNING
    return against_head(head, count, links[at_head] if at_head <= count else None)


def _samples(connection: sqlite3.Connection, delivery_id: str) -> Iterator[Finding]:
    for body in _bodies(connection, delivery_id, "samples"):
        digest, count = hashlib.sha256(), 0
        for rows, number in connection.execute(
            "SELECT rows, count FROM samples WHERE delivery_id = ? AND beam_number = ? "
            "ORDER BY chunk",
            (delivery_id, body["beam"]),
        ):
            digest.update(rows)
            count += number
        where = f"samples of beam {body['beam']}"
        if (count, digest.hexdigest()) != (body["count"], body["sha256"]):
            yield error("samples-altered", where, "the telemetry rows are not those that came")
        else:
            yield info("samples", where, f"{count} samples")


def _files(connection: sqlite3.Connection, root: Path, delivery_id: str) -> Iterator[Finding]:
    for name in _recorded(connection, delivery_id):
        while True:
            hashes = _recorded(connection, delivery_id)[name]
            finding = _file(root, delivery_id, name, hashes)
            sound = finding.severity is not Severity.ERROR
            if sound or hashes == _recorded(connection, delivery_id)[name]:
                break  # else a writer at work has replaced it meanwhile
        yield finding


def _recorded(connection: sqlite3.Connection, delivery_id: str) -> dict[str, list[str]]:
    """The hashes of every version of each file, oldest first."""
    hashes: dict[str, list[str]] = {}
    for body in _bodies(connection, delivery_id, "file"):
        hashes.setdefault(body["name"], []).append(body["sha256"])
    return hashes


def _file(root: Path, delivery_id: str, name: str, hashes: list[str]) -> Finding:
    """Compare a file with its recorded versions; ``waiting`` first: it may be put in its place."""
    *earlier, newest = hashes
    try:
        folder = delivery_folder(root, delivery_id)
        waiting, placed = _sha256(aside(folder, name)), _sha256(folder / name)
    except (OSError, StoreError) as reason:
        return error("file-missing", name, f"cannot be read: {reason}")
    if placed == newest or (waiting == newest and placed in (None, *earlier)):
        return info("file", name, newest)
    if placed is None:
        return error("file-missing", name, f"is not in {folder}")
    return error("file-altered", name, "its content is not what was recorded")


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


def _bodies(
    connection: sqlite3.Connection, delivery_id: str, kind: str
) -> Iterator[Mapping[str, Any]]:
    for (body,) in connection.execute(
        "SELECT body FROM events WHERE delivery_id = ? AND kind = ? ORDER BY sequence",
        (delivery_id, kind),
    ).fetchall():
        yield json.loads(body)
