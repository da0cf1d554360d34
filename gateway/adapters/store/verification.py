"""Is the record whole and unaltered."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.adapters.store.chain import GENESIS, link
from gateway.adapters.store.folders import delivery_folder
from gateway.adapters.store.schema import HEAD
from gateway.domain.errors import StoreError
from gateway.domain.findings import Finding, error, info


def verify_store(
    connection: sqlite3.Connection, root: Path, delivery_id: str
) -> tuple[Finding, ...]:
    """Check the whole chain and its head, then the delivery's samples and files.

    Raises sqlite3.Error when the database cannot be read at all.
    """
    return (
        *_chain(connection, root),
        *_samples(connection, delivery_id),
        *_files(connection, root, delivery_id),
    )


def _chain(connection: sqlite3.Connection, root: Path) -> Iterator[Finding]:
    previous, count = GENESIS, 0
    links = {0: GENESIS}
    for sequence, delivery_id, kind, at_ns, body, sha256 in connection.execute(
        "SELECT sequence, delivery_id, kind, at_ns, body, sha256 FROM events ORDER BY sequence"
    ):
        count += 1
        if sequence != count:
            yield error("chain-gap", f"event {count}", f"event {count} is missing")
            return
        if link(previous, sequence, delivery_id, kind, at_ns, body) != sha256:
            text = f"event {sequence} ({kind}) or its predecessor was altered"
            yield error("chain-broken", f"event {sequence}", text)
            return
        previous = links[sequence] = sha256
    yield from _head(root, links, count)


def _head(root: Path, links: Mapping[int, str], count: int) -> Iterator[Finding]:
    try:
        head = json.loads((root / HEAD).read_text(encoding="utf-8"))
        sequence, sha256 = int(head["sequence"]), str(head["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as reason:
        yield error("head-unreadable", HEAD, f"the chain's head cannot be read: {reason}")
        return
    if sequence > count:
        text = f"{sequence - count} events after event {count} are missing"
        yield error("chain-truncated", HEAD, text)
    elif links[sequence] != sha256:
        yield error("chain-replaced", HEAD, f"event {sequence} is not the one that was written")
    else:
        yield info("chain", "", f"{count} events, head {links[count]}")


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
    newest = {body["name"]: body for body in _bodies(connection, delivery_id, "file")}
    for name, body in newest.items():
        try:
            content = (delivery_folder(root, delivery_id) / name).read_bytes()
        except (OSError, StoreError) as reason:
            yield error("file-missing", name, f"cannot be read: {reason}")
            continue
        if hashlib.sha256(content).hexdigest() != body["sha256"]:
            yield error("file-altered", name, "its content is not what was recorded")
        else:
            yield info("file", name, f"{len(content)} bytes")


def _bodies(
    connection: sqlite3.Connection, delivery_id: str, kind: str
) -> Iterator[Mapping[str, Any]]:
    for (body,) in connection.execute(
        "SELECT body FROM events WHERE delivery_id = ? AND kind = ? ORDER BY sequence",
        (delivery_id, kind),
    ).fetchall():
        yield json.loads(body)
