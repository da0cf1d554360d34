"""A disk that fails, or a process that dies, at the n-th thing that the store does to it."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self
from unittest import mock

from gateway.adapters.store import StoreWriter, folders

Happen = Callable[[str], None]
"""Told of each write point by name, before it; may raise."""


@contextmanager
def watched(store: StoreWriter, happen: Happen) -> Iterator[None]:
    """``happen`` is told of everything that ``store`` is about to do to the disk."""
    system = SimpleNamespace(**vars(os))
    system.open = _told(happen, "open", os.open)
    system.fsync = _told(happen, "fsync", os.fsync)
    system.fdopen = lambda *arguments: _File(os.fdopen(*arguments), happen)
    replace = _told(happen, "replace", Path.replace)
    with (
        mock.patch.object(folders, "os", system),
        mock.patch.object(Path, "replace", replace),
        mock.patch.object(store, "_connection", _Connection(store._connection, happen)),
    ):
        yield


class Failing:
    """Fails at the ``number``-th write point, counted from 1, and notes whether it came to it.

    The error is the one that such a call gives: a disk that is full, or one that cannot sync.
    """

    def __init__(self, number: int) -> None:
        self._left = number
        self.failed = ""

    def __call__(self, name: str) -> None:
        """A write point."""
        self._left -= 1
        if self._left == 0:
            self.failed = name
            if name == "insert":
                raise sqlite3.OperationalError("database or disk is full")
            code = errno.EIO if name == "fsync" else errno.ENOSPC
            raise OSError(code, os.strerror(code))


class CrashImage:
    """Keeps the disk as it is at the ``number``-th write point: what a process that dies leaves."""

    def __init__(self, number: int, root: Path, image: Path) -> None:
        self._left = number
        self._root = root
        self._image = image
        self.taken = False

    def __call__(self, _name: str) -> None:
        """A write point."""
        self._left -= 1
        if self._left == 0:
            shutil.copytree(self._root, self._image)
            self.taken = True


class _File:
    def __init__(self, file: Any, happen: Happen) -> None:
        self._file = file
        self.write = _told(happen, "write", file.write)
        self.flush = file.flush
        self.fileno = file.fileno

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


class _Connection:
    def __init__(self, connection: sqlite3.Connection, happen: Happen) -> None:
        self._connection = connection
        self._happen = happen

    def execute(self, sql: str, parameters: tuple[object, ...] = ()) -> sqlite3.Cursor:
        if sql.startswith("INSERT"):
            self._happen("insert")
        return self._connection.execute(sql, parameters)


def _told(happen: Happen, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def told(*arguments: Any, **options: Any) -> Any:
        happen(name)
        return call(*arguments, **options)

    return told
