"""What is written comes back, to one writer and any number of readers."""

import asyncio
import math
import os
import re
import sqlite3
import subprocess
import sys
from asyncio import run
from contextlib import closing
from pathlib import Path

import pytest

from gateway.adapters.store import StoreWriter, open_reader, open_store, writer
from gateway.adapters.store.schema import DATABASE, VERSION
from gateway.domain.errors import StoreError
from gateway.ports.store import Json
from tests.store.builders import ONE, OTHER, ROWS, errors_of, fill, make, verified

NASTY_NAMES = [
    "",
    ".",
    "..",
    "../x",
    "a/b",
    "/etc/passwd",
    ".hidden",
    "a\\b/",
    "a\0",
    "x" * 129,
    "é",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_everything_comes_back(root: Path) -> None:
    make(root)
    with closing(open_reader(root)) as reader:
        assert reader.deliveries() == [ONE, OTHER]
        events = reader.events(ONE)
        assert [event.sequence for event in events] == [1, 2, 3, 5, 6, 7]
        assert [event.kind for event in events] == [
            "intent", "file", "samples", "file", "file", "end",
        ]  # fmt: skip
        assert events[0].body == {"room": "bunker", "mu": 100.5}
        assert [event.at_ns for event in events] == [1, 2, 3, 5, 6, 7]
        assert reader.samples(ONE, 1) == b"".join(ROWS)
        assert reader.samples(ONE, 2) == b""
        assert reader.events("another") == []
        assert (reader.directory(ONE) / "plan.dcm").read_bytes() == b"plan"
        assert (reader.directory(ONE) / "report.html").read_bytes() == b"second report"
        assert errors_of(reader.verify(ONE)) == []


def test_events_of_the_whole_store_are_read_on_from_where_a_reader_was(root: Path) -> None:
    make(root)
    with closing(open_reader(root)) as reader:
        assert [event.sequence for event in reader.events_after(0, 3)] == [1, 2, 3]
        later = reader.events_after(3, 100)
        assert [(event.sequence, event.delivery_id) for event in later] == [
            (4, OTHER), (5, ONE), (6, ONE), (7, ONE),
        ]  # fmt: skip
        assert later[-1] == reader.events(ONE)[-1]
        assert reader.events_after(7, 100) == []


def test_what_append_returns_is_what_is_read(root: Path) -> None:
    bodies: list[dict[str, Json]] = [
        {},
        {"text": 'ünïcode \u2028 "quoted"', "none": None, "yes": True},
        {"nested": [{"a": [1, 2.5, -0.0, 1e-300]}, []], "big": 2**70},
    ]
    with closing(open_store(root)) as store:
        written = [run(store.append(ONE, "kind", body, 2**62)) for body in bodies]
        assert store.events(ONE) == written
    assert verified(root) == []


def test_it_goes_on_where_it_was_left(root: Path) -> None:
    make(root)
    with closing(open_store(root)) as store:
        assert run(store.append(OTHER, "end", {}, 9)).sequence == 8
    assert verified(root, OTHER) == []


def test_an_empty_store_is_sound(root: Path) -> None:
    open_store(root).close()
    open_store(root).close()
    assert verified(root) == []


def test_only_its_owner_reads_it(root: Path) -> None:
    mask = os.umask(0)
    try:
        with closing(open_store(root / "deeper")) as store:
            run(fill(store))
            modes = {path: path.stat().st_mode & 0o777 for path in (root / "deeper").rglob("*")}
    finally:
        os.umask(mask)
    assert (root / "deeper").stat().st_mode & 0o777 == 0o700
    assert {path.name for path in modes} > {DATABASE, f"{DATABASE}-wal", "record.head", "plan.dcm"}
    for path, mode in modes.items():
        assert mode == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_names_that_leave_the_store_are_refused(root: Path, name: str) -> None:
    with closing(open_store(root)) as store:
        with pytest.raises(StoreError, match="is not a plain name"):
            run(store.append(name, "intent", {}, 1))
        with pytest.raises(StoreError, match="is not a plain name"):
            run(store.keep_file(name, "file", b"x", 1))
        with pytest.raises(StoreError, match="is not a plain name"):
            run(store.keep_file(ONE, name, b"x", 1))
        with pytest.raises(StoreError, match="is not a plain name"):
            store.directory(name)
        assert store.deliveries() == []
        run(store.append(ONE, "intent", {}, 1))
    assert verified(root) == []


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_not_recorded(root: Path, number: float) -> None:
    with closing(open_store(root)) as store:
        with pytest.raises(StoreError):
            run(store.append(ONE, "intent", {"mu": number}, 1))
        assert store.events(ONE) == []


@pytest.mark.parametrize("table", ["events", "samples"])
@pytest.mark.parametrize("change", ["UPDATE {} SET delivery_id = 'x'", "DELETE FROM {}"])
def test_the_database_itself_refuses_changes(root: Path, table: str, change: str) -> None:
    make(root)
    with (
        closing(sqlite3.connect(root / DATABASE)) as connection,
        pytest.raises(sqlite3.IntegrityError, match=f"{table} are append-only"),
    ):
        connection.execute(change.format(table))


def test_every_commit_is_synced(root: Path) -> None:
    with closing(open_store(root)) as store:
        assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


@pytest.mark.parametrize("version", [VERSION + 1, 0])
def test_another_schema_is_refused_by_readers_and_writers(root: Path, version: int) -> None:
    make(root)
    with closing(sqlite3.connect(root / DATABASE)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    for opening in (open_store, open_reader):
        with pytest.raises(StoreError, match=f"schema version {version}.*--store"):
            opening(root)


@pytest.mark.parametrize("opening", [open_store, open_reader])
def test_another_kind_of_file_is_refused(root: Path, opening: type) -> None:
    root.mkdir()
    (root / DATABASE).write_bytes(b"This is no database at all. " * 100)
    with pytest.raises(StoreError, match=re.escape(str(root))):
        opening(root)


def test_a_reader_needs_a_store(root: Path) -> None:
    with pytest.raises(StoreError, match=r"no record store in .*--store"):
        open_reader(root)


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    with pytest.raises(StoreError, match="store"):
        open_store(tmp_path / "store")


def test_a_second_writer_is_refused_and_told_who_writes(root: Path) -> None:
    first = open_store(root)
    with pytest.raises(StoreError, match=f"process {os.getpid()} is writing this store"):
        open_store(root)
    code = f"""
from pathlib import Path
from gateway.adapters.store import open_store
from gateway.domain.errors import StoreError
try:
    open_store(Path({str(root)!r}))
except StoreError as error:
    print(error)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert f"process {os.getpid()} is writing this store" in done.stdout
    first.close()
    first.close()
    open_store(root).close()


def test_readers_see_what_is_committed_while_it_is_written(root: Path) -> None:
    """Each look of a reader is a sound beginning of the chain."""
    seen: list[int] = []

    def read() -> None:
        with closing(open_reader(root)) as reader:
            while not seen or seen[-1] < 60:
                seen.append(len(reader.events(ONE)))
                assert errors_of(reader.verify(ONE)) == []

    async def write_and_read(store: StoreWriter) -> None:
        reading = asyncio.create_task(asyncio.to_thread(read))
        for number in range(30):
            await store.append(ONE, "number", {"number": number}, number)
            await store.keep_file(ONE, f"file-{number % 2}", bytes([number]), number)
        await reading

    with closing(open_store(root)) as store:
        run(write_and_read(store))
    assert seen == sorted(seen)


def test_writes_at_once_are_all_there_in_one_chain(root: Path) -> None:
    async def write(store: StoreWriter) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(store.append(ONE, "number", {"number": number}, number))

    with closing(open_store(root)) as store:
        run(write(store))
        assert [event.body["number"] for event in store.events(ONE)] == list(range(50))
    assert verified(root) == []


def test_a_file_in_several_versions_is_known_by_its_newest(root: Path) -> None:
    with closing(open_store(root)) as store:
        for content in (b"one", b"two", b"one"):
            path = run(store.keep_file(ONE, "notes", content, 1))
            assert path.read_bytes() == content
    assert verified(root) == []
    assert [path.name for path in path.parent.iterdir()] == ["notes"]


def test_a_new_store_is_seen_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks while it is made, or after a crash in between, finds none."""
    seen: list[list[str]] = []

    def interrupted(_connection: sqlite3.Connection, path: Path) -> None:
        seen.append([one.name for one in tmp_path.glob(DATABASE)])
        raise StoreError(f"{path}: interrupted")

    with monkeypatch.context() as patched:
        patched.setattr(writer, "prepare", interrupted)
        with pytest.raises(StoreError, match="interrupted"):
            open_store(tmp_path)
    assert seen == [[]]
    assert not (tmp_path / DATABASE).exists()
    open_store(tmp_path).close()
    with closing(open_reader(tmp_path)) as reader:
        assert list(reader.deliveries()) == []
    assert not list(tmp_path.glob("*.new*"))
