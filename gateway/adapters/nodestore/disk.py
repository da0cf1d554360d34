"""What every file of the node is written with."""

import errno
import os
from pathlib import Path

from gateway.domain.errors import StoreError


class DiskFull(StoreError):
    """There is not the room that the configuration wants kept free."""


def write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    """Write all of ``data`` where the file stands. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Told:
    """A block in which errors of the disk become StoreError, and DiskFull."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull(f"{self._path}: {error.strerror}") from error
            raise StoreError(f"{self._path}: {error.strerror or error}") from error


def told(path: Path) -> Told:
    """Errors of the disk within the block become StoreError, and DiskFull."""
    return Told(path)
