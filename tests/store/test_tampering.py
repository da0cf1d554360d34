"""Whatever is altered in a record is found, and a record that was cut off is not continued."""

import json
import random
import shutil
import sqlite3
from asyncio import run
from contextlib import closing
from pathlib import Path

import pytest

from gateway.adapters.store import open_reader, open_store
from gateway.adapters.store.chain import GENESIS
from gateway.adapters.store.schema import DATABASE, HEAD
from gateway.domain.errors import StoreError
from tests.store.builders import ONE, OTHER, fill, make, sha256_of, tamper, verified

EVENTS = 7


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path / "store")


@pytest.mark.parametrize("sequence", range(1, EVENTS + 1))
@pytest.mark.parametrize(
    "change",
    [
        "body = '{}'",
        "body = 'not json'",
        "body = replace(body, '1', '2') || ' '",
        "kind = 'note'",
        "delivery_id = 'delivery-3'",
        "at_ns = at_ns + 1",
        f"sha256 = '{sha256_of(b'another')}'",
    ],
)
def test_an_edited_event_is_found(root: Path, sequence: int, change: str) -> None:
    tamper(root, f"UPDATE events SET {change} WHERE sequence = {sequence}")
    assert verified(root) == ["chain-broken"]
    assert verified(root, OTHER) == ["chain-broken"]


@pytest.mark.parametrize("sequence", range(1, EVENTS))
def test_a_deleted_event_is_found(root: Path, sequence: int) -> None:
    tamper(root, f"DELETE FROM events WHERE sequence = {sequence}")
    assert verified(root) == ["chain-gap"]


@pytest.mark.parametrize("sequence", range(1, EVENTS))
def test_a_deleted_event_whose_gap_was_closed_is_found(root: Path, sequence: int) -> None:
    tamper(
        root,
        f"DELETE FROM events WHERE sequence = {sequence}",
        f"UPDATE events SET sequence = -sequence WHERE sequence > {sequence}",
        "UPDATE events SET sequence = -sequence - 1 WHERE sequence < 0",
    )
    assert verified(root) == ["chain-broken"]


@pytest.mark.parametrize("sequence", range(1, EVENTS))
def test_events_in_another_order_are_found(root: Path, sequence: int) -> None:
    tamper(
        root,
        f"UPDATE events SET sequence = -1 WHERE sequence = {sequence}",
        f"UPDATE events SET sequence = {sequence} WHERE sequence = {sequence + 1}",
        f"UPDATE events SET sequence = {sequence + 1} WHERE sequence = -1",
    )
    assert verified(root) == ["chain-broken"]


def test_an_inserted_event_is_found(root: Path) -> None:
    tamper(root, f"INSERT INTO events VALUES ({EVENTS + 1}, 'x', 'note', 1, '{{}}', '{GENESIS}')")
    assert verified(root) == ["chain-broken"]


@pytest.mark.parametrize("kept", range(EVENTS))
def test_a_cut_off_tail_is_found_and_not_written_over(root: Path, kept: int) -> None:
    tamper(root, f"DELETE FROM events WHERE sequence > {kept}")
    assert verified(root) == ["chain-truncated"]
    with pytest.raises(StoreError, match=f"{EVENTS - kept} events after event {kept} are missing"):
        open_store(root)
    assert verified(root) == ["chain-truncated"]


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        ({"sequence": EVENTS, "sha256": sha256_of(b"another")}, "chain-replaced"),
        ({"sequence": 3, "sha256": sha256_of(b"another")}, "chain-replaced"),
        ({"sequence": 0, "sha256": sha256_of(b"another")}, "chain-replaced"),
        ({"sequence": EVENTS + 1, "sha256": sha256_of(b"another")}, "chain-truncated"),
        ({"sequence": -1, "sha256": GENESIS}, "head-unreadable"),
        ({"sequence": "7", "sha256": GENESIS}, "head-unreadable"),
        ({"sequence": EVENTS}, "head-unreadable"),
        ([], "head-unreadable"),
    ],
)
def test_another_head_is_found_and_not_written_over(root: Path, head: object, rule: str) -> None:
    (root / HEAD).write_text(json.dumps(head))
    assert verified(root) == [rule]
    with pytest.raises(StoreError, match="damaged or altered"):
        open_store(root)
    assert verified(root) == [rule]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_a_head_that_is_none_is_found(root: Path, content: bytes) -> None:
    (root / HEAD).write_bytes(content)
    assert verified(root) == ["head-unreadable"]
    with pytest.raises(StoreError, match="head is damaged"):
        open_store(root)


def test_a_missing_head_is_found(root: Path) -> None:
    (root / HEAD).unlink()
    assert verified(root) == ["head-missing"]
    with pytest.raises(StoreError, match="head of a chain of 7 events is missing"):
        open_store(root)


@pytest.mark.parametrize("behind", range(EVENTS))
def test_a_head_that_is_behind_is_sound_and_brought_up(root: Path, behind: int) -> None:
    """A process that is killed after a commit has not written its head."""
    with closing(sqlite3.connect(root / DATABASE)) as connection:
        rows = connection.execute("SELECT sha256 FROM events ORDER BY sequence").fetchall()
    hashes = [GENESIS, *(row[0] for row in rows)]
    newest = (root / HEAD).read_bytes()
    (root / HEAD).write_text(json.dumps({"sequence": behind, "sha256": hashes[behind]}))
    assert verified(root) == []
    open_store(root).close()
    assert (root / HEAD).read_bytes() == newest


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE samples SET rows = x'00' WHERE chunk = 1",
        "UPDATE samples SET rows = CAST(rows || x'00' AS BLOB) WHERE chunk = 2",
        "UPDATE samples SET count = 2 WHERE chunk = 1",
        "UPDATE samples SET beam_number = 2 WHERE chunk = 2",
        "UPDATE samples SET delivery_id = 'delivery-2' WHERE chunk = 1",
        "UPDATE samples SET chunk = 3 WHERE chunk = 1",
        "DELETE FROM samples WHERE chunk = 1",
        "DELETE FROM samples",
        "INSERT INTO samples SELECT 9, delivery_id, beam_number, 1, x'00' FROM samples LIMIT 1",
    ],
)
def test_altered_samples_are_found(root: Path, change: str) -> None:
    tamper(root, change)
    assert verified(root) == ["samples-altered"]
    assert verified(root, OTHER) == []


@pytest.mark.parametrize("name", ["plan.dcm", "report.html"])
def test_an_altered_file_is_found(root: Path, name: str) -> None:
    path = root / "deliveries" / ONE / name
    content = path.read_bytes()
    for altered in (b"", content + b" ", b"X" + content[1:]):
        path.write_bytes(altered)
        assert verified(root) == ["file-altered"]
    path.write_bytes(content)
    assert verified(root) == []


def test_an_older_version_of_a_file_is_found(root: Path) -> None:
    (root / "deliveries" / ONE / "report.html").write_bytes(b"first report")
    assert verified(root) == ["file-altered"]


def test_a_missing_file_is_found(root: Path) -> None:
    path = root / "deliveries" / ONE / "plan.dcm"
    path.unlink()
    assert verified(root) == ["file-missing"]
    path.mkdir()
    assert verified(root) == ["file-missing"]
    shutil.rmtree(root / "deliveries")
    assert verified(root) == ["file-missing", "file-missing"]


def test_a_file_recorded_by_a_writer_that_died_is_sound_and_put_in_place(root: Path) -> None:
    folder = root / "deliveries" / ONE
    with closing(open_store(root)) as store:
        run(store.keep_file(ONE, "report.html", b"third report", 9))
    (folder / "report.html").rename(folder / ".report.html.new")
    assert verified(root) == []
    (folder / "report.html").write_bytes(b"second report")
    assert verified(root) == []
    (folder / "report.html").write_bytes(b"altered report")
    assert verified(root) == ["file-altered"]
    open_store(root).close()
    assert (folder / "report.html").read_bytes() == b"third report"
    assert verified(root) == []


def test_a_file_that_was_never_recorded_is_removed(root: Path) -> None:
    folder = root / "deliveries" / ONE
    (folder / ".report.html.new").write_bytes(b"third rep")
    (folder / ".other.html.new").write_bytes(b"")
    open_store(root).close()
    assert sorted(path.name for path in folder.iterdir()) == ["plan.dcm", "report.html"]
    assert verified(root) == []


def test_no_flipped_bit_changes_what_a_verified_record_says(tmp_path: Path) -> None:
    """Wherever a bit of the database flips: verify tells, or nothing that is read has changed."""
    root = tmp_path / "store"
    with closing(open_store(root)) as store:
        run(fill(store))
    sound = (root / DATABASE).read_bytes()
    expected = _content(root)
    places = random.Random(1)
    told = 0
    for _ in range(150):
        flipped = bytearray(sound)
        flipped[places.randrange(len(sound))] ^= 1 << places.randrange(8)
        (root / DATABASE).write_bytes(flipped)
        try:
            findings = verified(root)
            if not findings:
                assert _content(root) == expected
        except StoreError:
            findings = ["unreadable"]
        told += bool(findings)
    assert told > 0


def _content(root: Path) -> object:
    with closing(open_reader(root)) as reader:
        return reader.deliveries(), reader.events(ONE), reader.samples(ONE, 1)
