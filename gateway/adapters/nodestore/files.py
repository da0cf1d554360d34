"""The files of received objects: named by their content, whole or not there."""

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.errors import StoreError

FOLDER = "objects"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class DiskFull(StoreError):
    """There is not the room that the configuration wants kept free."""


@dataclass(frozen=True, slots=True)
class FiledContent:
    """A file that was written."""

    sha256: str
    size_bytes: int
    path: Path


class ObjectFiles:
    """``ROOT/objects/AA/SHA256.dcm``, readable by their owner only.

    Names come from nothing that was received but the hash of it. A file is written under a name
    of no meaning, synced, and given its own; what a crash leaves under such a name is nobody's.
    """

    def __init__(self, root: Path, free_bytes: int = 0) -> None:
        self._root = root / FOLDER
        self._free_bytes = free_bytes
        with _told(self._root):
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """The file of a content."""
        return self._root / sha256[:2] / f"{sha256}.dcm"

    def require_space(self, size_bytes: int) -> None:
        """Raises DiskFull unless a file of that size leaves enough of the disk free."""
        with _told(self._root):
            free = shutil.disk_usage(self._root).free
        if free - size_bytes < self._free_bytes:
            raise DiskFull(
                f"{self._root}: {free >> 20} MiB free, {self._free_bytes >> 20} MiB are kept free"
            )

    def file(self, parts: Sequence[bytes | memoryview]) -> FiledContent:
        """Write ``parts`` as one file; it is durable on return. Raises StoreError, DiskFull."""
        digest = hashlib.sha256()
        for part in parts:
            digest.update(part)
        size = sum(len(part) for part in parts)
        sha256 = digest.hexdigest()
        target = self.path(sha256)
        if target.exists():
            return FiledContent(sha256, size, target)
        self.require_space(size)
        with _told(target):
            self._write(target, parts)
        return FiledContent(sha256, size, target)

    def discard(self, sha256: str) -> None:
        """Remove a file that no object refers to."""
        with _told(self.path(sha256)):
            self.path(sha256).unlink(missing_ok=True)

    def sweep(self) -> int:
        """Remove what crashes left unfinished; only when nobody writes. How many files."""
        left = list(self._root.glob("*/.*.new"))
        for path in left:
            with _told(path):
                path.unlink(missing_ok=True)
        return len(left)

    def _write(self, target: Path, parts: Sequence[bytes | memoryview]) -> None:
        folder = target.parent
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            _sync(self._root)
        aside = folder / f".{secrets.token_hex(12)}.new"
        try:
            with os.fdopen(os.open(aside, _NEW, 0o600), "wb", buffering=0) as file:
                os.posix_fallocate(file.fileno(), 0, sum(map(len, parts)))
                for part in parts:
                    _write_all(file.fileno(), part)
                os.fsync(file.fileno())
            aside.replace(target)
        except OSError:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            raise
        _sync(folder)


def _write_all(descriptor: int, part: bytes | memoryview) -> None:
    view = memoryview(part)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors of the disk, as the store tells them."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"{path}: {error.strerror}") from error
        raise StoreError(f"{path}: {error.strerror or error}") from error
