"""A disk that fails at any write: told at once, nothing is written any more, the record reads."""

import errno
import itertools
import os
from asyncio import run
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from gateway.adapters.store import StoreWriter, open_store
from gateway.domain.errors import StoreError
from tests.store.builders import ONE, ROWS, errors_of, fill, make, verified
from tests.store.disk import Failing, watched

Write = Callable[[StoreWriter], Awaitable[object]]

WRITES: dict[str, tuple[Write, int]] = {
    "append": (lambda store: store.append(ONE, "note", {"text": "x"}, 10), 7),
    "append-samples": (lambda store: store.append_samples(ONE, 2, b"rows", 1), 1),
    "keep-file": (lambda store: store.keep_file(ONE, "new.bin", b"content", 10), 13),
    "replace-file": (lambda store: store.keep_file(ONE, "report.html", b"content", 10), 13),
    "first-file": (lambda store: store.keep_file("delivery-3", "new.bin", b"content", 10), 15),
}
"""Each write, and how many things it does to the disk at least."""

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("name", WRITES)
def test_a_failure_at_any_write_stops_the_writer(tmp_path: Path, name: str) -> None:
    write, expected = WRITES[name]
    for number in itertools.count(1):
        failing = Failing(number)
        _fail(tmp_path / str(number), write, failing)
        if not failing.failed:
            break
    assert number > expected


def _fail(root: Path, write: Write, failing: Failing) -> None:
    with closing(open_store(root)) as store:
        run(fill(store))
        before = store.events(ONE)
        with watched(store, failing):
            told = _error_of(store, write)
        assert bool(told) == bool(failing.failed)
        if told:
            assert str(root) in told
            _check_stopped(store, root)
        assert list(store.events(ONE)[: len(before)]) == before
        assert store.samples(ONE, 1) == b"".join(ROWS)
        assert errors_of(store.verify(ONE)) == []
    assert verified(root) == []
    with closing(open_store(root)) as store:
        run(write(store))
    assert verified(root) == []


def _error_of(store: StoreWriter, write: Write) -> str:
    try:
        run(write(store))
    except StoreError as error:
        return str(error)
    return ""


def _check_stopped(store: StoreWriter, root: Path) -> None:
    """No write is tried again: nothing on the disk changes."""
    before = _content(root)
    for write, _ in WRITES.values():
        with pytest.raises(StoreError, match="nothing more is written after"):
            run(write(store))
    assert _content(root) == before


def _content(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_database_that_may_not_grow_is_told(tmp_path: Path) -> None:
    """SQLite's own answer to a full disk."""
    root = make(tmp_path / "store")
    with closing(open_store(root)) as store:
        (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="full"):
            run(store.append_samples(ONE, 2, bytes(1 << 20), 1))
        with pytest.raises(StoreError, match="nothing more is written"):
            run(store.append(ONE, "note", {}, 10))
        assert store.samples(ONE, 2) == b""
    assert verified(root) == []


@pytest.mark.parametrize("call", ["mkdir", "open", "fsync", "replace"])
def test_a_store_that_cannot_be_made_is_told_and_freed(
    tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise FULL

    root = tmp_path / "store"
    owner = os if call in ("open", "fsync") else Path
    with monkeypatch.context() as patched:
        patched.setattr(owner, call, fails)
        with pytest.raises(StoreError, match="No space left"):
            open_store(root)
    open_store(root).close()
    assert verified(root) == []
