"""How far the record was told survives the process, whatever was in flight."""

import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from gateway.adapters.mqtt.cursor import FILE, Cursor
from gateway.domain.errors import StoreError
from gateway.domain.units import NS_PER_S


def test_it_begins_where_the_record_stood_and_goes_on_from_there(tmp_path: Path) -> None:
    with closing(Cursor(tmp_path / "mqtt", 40)) as cursor:
        assert (cursor.acknowledged, cursor.told(), cursor.first_since(0)) == (40, 40, 41)
        cursor.telling([41, 42], 10 * NS_PER_S, 5.0)
        cursor.acknowledge(41)
    with closing(Cursor(tmp_path / "mqtt", 99)) as cursor:
        assert (cursor.acknowledged, cursor.told()) == (41, 42)
        assert cursor.first_since(10 * NS_PER_S) == 41
        assert cursor.first_since(11 * NS_PER_S) == 42
    mode = (tmp_path / "mqtt" / FILE).stat().st_mode
    assert not mode & (stat.S_IRWXG | stat.S_IRWXO)


def test_what_is_long_ago_is_forgotten_once_it_was_acknowledged(tmp_path: Path) -> None:
    with closing(Cursor(tmp_path, 0)) as cursor:
        cursor.telling([1, 2], 0, 5.0)
        cursor.acknowledge(1)
        cursor.telling([3], 100 * NS_PER_S, 5.0)
        assert cursor.first_since(0) == 2
        assert cursor.told() == 3


def test_another_record_is_told_from_its_end_on(tmp_path: Path) -> None:
    with closing(Cursor(tmp_path, 0)) as cursor:
        cursor.telling([1, 2, 3], 7, 5.0)
        cursor.acknowledge(3)
        assert cursor.last_told_ns() == 7
        cursor.begin_at(1)
    with closing(Cursor(tmp_path, 0)) as cursor:
        assert (cursor.acknowledged, cursor.told(), cursor.first_since(0)) == (1, 1, 2)
        assert cursor.last_told_ns() == 0


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"rubbish" * 1_000)
    with pytest.raises(StoreError, match=FILE):
        Cursor(tmp_path, 0)


def test_a_disk_that_fails_is_told(tmp_path: Path) -> None:
    with closing(Cursor(tmp_path, 0)) as cursor:
        cursor._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match=FILE):
            cursor.telling([1], 0, 5.0)
        with pytest.raises(StoreError, match=FILE):
            cursor.acknowledge(1)
        assert cursor.acknowledged == 0


def test_threads_that_come_together_wait_for_each_other(tmp_path: Path) -> None:
    """A connection that is lost leaves a call at work while the next one begins."""
    with closing(Cursor(tmp_path, 0)) as cursor, ThreadPoolExecutor(4) as threads:

        def work(first: int) -> None:
            for number in range(first, 41, 4):
                cursor.telling([number], number, 5.0)
                cursor.acknowledge(number)
                assert cursor.told() >= number
                assert cursor.first_since(number) > 0

        for done in [threads.submit(work, first) for first in range(1, 5)]:
            done.result()
        assert (cursor.acknowledged, cursor.told(), cursor.last_told_ns()) == (40, 40, 40)


def test_what_was_not_kept_leaves_nothing_half_done(tmp_path: Path) -> None:
    with closing(Cursor(tmp_path, 0)) as cursor:
        with pytest.raises(StoreError):
            cursor.telling([1, "two"], 1, 5.0)  # type: ignore[list-item]
        assert cursor.told() == 0
        cursor.telling([1], 1, 5.0)
        assert cursor.told() == 1
