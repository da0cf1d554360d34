"""The files of received objects: named by their content, whole or not there."""

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.nodestore.contents import UNFINISHED, Content, SpilledContent, chunks_of
from gateway.adapters.nodestore.disk import DiskFull, sync_folder, told, write_all
from gateway.domain.errors import StoreError

FOLDER = "objects"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


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
        with told(self._root):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._root.mkdir(mode=0o700, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """The file of a content."""
        return self._root / sha256[:2] / f"{sha256}.dcm"

    def require_space(self, size_bytes: int) -> None:
        """Raises DiskFull unless a file of that size leaves enough of the disk free."""
        with told(self._root):
            free = shutil.disk_usage(self._root).free
        if free - size_bytes < self._free_bytes:
            raise DiskFull(
                f"{self._root}: {free >> 20} MiB free, {self._free_bytes >> 20} MiB are kept free"
            )

    def spill(self) -> SpilledContent:
        """Room for an object that is too large for memory while it comes. Raises StoreError."""
        return SpilledContent(self._root, self.require_space)

    def file(self, parts: Sequence[Content]) -> FiledContent:
        """Write ``parts`` as one file; it is durable on return. Raises StoreError, DiskFull."""
        size = sum(map(len, parts))
        self.require_space(size)
        aside = self._root / f".{secrets.token_hex(12)}{UNFINISHED}"
        try:
            with told(self._root):
                sha256 = _written(aside, size, parts)
                self._name(aside, self.path(sha256))
        except StoreError:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            raise
        return FiledContent(sha256, size, self.path(sha256))

    def discard(self, sha256: str) -> None:
        """Remove a file that no object refers to."""
        with told(self.path(sha256)):
            self.path(sha256).unlink(missing_ok=True)

    def sweep(self, known: Container[str]) -> int:
        """Remove unfinished files, and those whose hash is not ``known``. How many.

        Only when nobody writes.
        """
        unfinished = list(self._root.glob(f".*{UNFINISHED}"))
        unknown = [path for path in self._root.glob("*/*.dcm") if path.stem not in known]
        for path in (*unfinished, *unknown):
            with told(path):
                path.unlink(missing_ok=True)
        return len(unfinished) + len(unknown)

    def _name(self, aside: Path, target: Path) -> None:
        folder = target.parent
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._root)
        aside.replace(target)
        sync_folder(folder)


def _written(path: Path, size: int, parts: Sequence[Content]) -> str:
    """Write a new file and sync it; the hash of it."""
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, _NEW, 0o600), "wb", buffering=0) as file:
        os.posix_fallocate(file.fileno(), 0, size)
        for part in parts:
            for chunk in chunks_of(part):
                digest.update(chunk)
                write_all(file.fileno(), chunk)
        os.fsync(file.fileno())
    return digest.hexdigest()
