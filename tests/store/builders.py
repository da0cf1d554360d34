"""A small store with everything in it, and what verify says of it."""

import hashlib
import sqlite3
from asyncio import run
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from gateway.adapters.store import StoreWriter, open_reader, open_store
from gateway.adapters.store.schema import DATABASE
from gateway.domain.findings import Finding, Severity

ONE, OTHER = "delivery-1", "delivery-2"
ROWS = (b"first rows", b"second rows")


async def fill(store: StoreWriter) -> None:
    """Two deliveries; the first has samples of a beam and two files, one of them replaced."""
    await store.append(ONE, "intent", {"room": "bunker", "mu": 100.5}, 1)
    await store.keep_file(ONE, "plan.dcm", b"plan", 2)
    for rows in ROWS:
        await store.append_samples(ONE, 1, rows, 3)
    await store.append(
        ONE, "samples", {"beam": 1, "count": 6, "sha256": sha256_of(b"".join(ROWS))}, 3
    )
    await store.append(OTHER, "intent", {"room": "bunker"}, 4)
    await store.keep_file(ONE, "report.html", b"first report", 5)
    await store.keep_file(ONE, "report.html", b"second report", 6)
    await store.append(ONE, "end", {"outcome": "complete"}, 7)


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def make(root: Path) -> Path:
    """A filled store, closed again."""
    with closing(open_store(root)) as store:
        run(fill(store))
    return root


def errors_of(findings: Iterable[Finding]) -> list[str]:
    """The rules of the errors."""
    return [finding.rule for finding in findings if finding.severity is Severity.ERROR]


def verified(root: Path, delivery_id: str = ONE) -> list[str]:
    """What a reader finds wrong."""
    with closing(open_reader(root)) as reader:
        return errors_of(reader.verify(delivery_id))


def tamper(root: Path, *statements: str) -> None:
    """Change the database as somebody with the file in hand can."""
    with closing(sqlite3.connect(root / DATABASE, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
