"""Files being written: whole, whatever the file system can do, and nobody's until named."""

import errno
import fcntl
import hashlib
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.nodestore.disk import DiskFull
from gateway.adapters.nodestore.new_file import ALIGNMENT_BYTES, PORTION_BYTES, NewFile
from gateway.domain.errors import StoreError

SIZES = (0, 1, ALIGNMENT_BYTES, PORTION_BYTES - 1, PORTION_BYTES, 2 * PORTION_BYTES + 12345)
WRITE, OPEN, FCNTL = os.write, os.open, fcntl.fcntl


def content(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def no_nameless_files(path: Any, flags: int, *mode: int) -> int:
    if flags & os.O_TMPFILE == os.O_TMPFILE:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")
    return OPEN(path, flags, *mode)


def no_direct_files(descriptor: int, command: int, flags: int = 0) -> int:
    if flags & os.O_DIRECT:
        raise OSError(errno.EINVAL, "Invalid argument")
    return FCNTL(descriptor, command, flags)


def coarse_blocks(descriptor: int, data: Any) -> int:
    if FCNTL(descriptor, fcntl.F_GETFL) & os.O_DIRECT:
        raise OSError(errno.EINVAL, "Invalid argument")
    return WRITE(descriptor, data)


def a_part(descriptor: int, data: Any) -> int:
    return WRITE(descriptor, data[: len(data) // 2 + 1])


Change = tuple[Any, str, Callable[..., int]]
AS_IT_IS: Change = (os, "write", WRITE)
FILE_SYSTEMS = {
    "as it is here": AS_IT_IS,
    "no nameless files": (os, "open", no_nameless_files),
    "nothing past the cache": (fcntl, "fcntl", no_direct_files),
    "larger blocks": (os, "write", coarse_blocks),
    "parts of what is written": (os, "write", a_part),
}


@pytest.mark.parametrize("change", FILE_SYSTEMS.values(), ids=FILE_SYSTEMS)
@pytest.mark.parametrize("size", SIZES)
def test_a_file_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change, size: int
) -> None:
    data = content(size)
    monkeypatch.setattr(*change)
    with closing(NewFile(tmp_path, lambda _size: None)) as new:
        for begin in range(0, size, 100_000):
            new.write(data[begin : begin + 100_000])
        assert len(new) == size
        assert new.read(size, 0) == data
        assert new.synced() == hashlib.sha256(data).hexdigest()
        new.keep_as(tmp_path / "kept")
    assert [one.name for one in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept").read_bytes() == data
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("change", FILE_SYSTEMS.values(), ids=FILE_SYSTEMS)
@pytest.mark.parametrize("size", [5, 2 * PORTION_BYTES])
@pytest.mark.parametrize("looked_at", [False, True])
def test_a_file_takes_the_place_of_one_that_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change, size: int, looked_at: bool
) -> None:
    monkeypatch.setattr(*change)
    (tmp_path / "kept").write_bytes(b"before")
    with closing(NewFile(tmp_path, lambda _size: None)) as new:
        new.write(content(size))
        if looked_at:
            assert new.named().read_bytes() == content(size)
        new.keep_as(tmp_path / "kept")
    assert [one.name for one in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept").read_bytes() == content(size)


@pytest.mark.parametrize("change", FILE_SYSTEMS.values(), ids=FILE_SYSTEMS)
def test_a_file_that_is_closed_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    monkeypatch.setattr(*change)
    with closing(NewFile(tmp_path, lambda _size: None)) as new:
        new.write(content(3 * PORTION_BYTES))
        assert new.named().stat().st_size == 3 * PORTION_BYTES
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_memory_takes_no_disk(tmp_path: Path) -> None:
    with closing(NewFile(tmp_path, lambda _size: None)) as new:
        new.write(b"short")
        assert new.in_memory is not None
        assert bytes(new.in_memory) == b"short"
        new.write(content(PORTION_BYTES))
        assert new.in_memory is None


@pytest.mark.parametrize("function", ["open", "write", "fsync", "link"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_is_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, number: int
) -> None:
    def fails(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    def write(new: NewFile) -> None:
        new.write(content(2 * PORTION_BYTES + 1))
        new.synced()
        new.named()

    monkeypatch.setattr(os, function, fails)
    kind = DiskFull if number == errno.ENOSPC else StoreError
    with closing(NewFile(tmp_path, lambda _size: None)) as new, pytest.raises(kind):
        write(new)
    assert list(tmp_path.iterdir()) == []


def test_the_front_of_a_large_file_needs_no_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = content(2 * PORTION_BYTES + 1)
    with closing(NewFile(tmp_path, lambda _size: None)) as new:
        new.write(data)
        monkeypatch.setattr(os, "pread", None)
        assert new.read(1000, 100) == data[100:1100]
