"""The files of received objects: named by their content, whole or not there."""

import os
from collections.abc import Container, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.nodestore.contents import Content, IncomingContent, chunks_of
from gateway.adapters.nodestore.disk import DiskFull, sync_folder, told
from gateway.adapters.nodestore.new_file import UNFINISHED, NewFile

FOLDER = "objects"


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

    def make_folders(self) -> None:
        """Make all folders now, in place of one at a time while objects come. Raises StoreError."""
        with told(self._root):
            for number in range(256):
                (self._root / f"{number:02x}").mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._root)

    def path(self, sha256: str) -> Path:
        """The file of a content."""
        return self._root / sha256[:2] / f"{sha256}.dcm"

    def require_space(self, size_bytes: int) -> None:
        """Raises DiskFull unless a file of that size leaves enough of the disk free."""
        with told(self._root):
            disk = os.statvfs(self._root)
        free = disk.f_bavail * disk.f_frsize
        if free - size_bytes < self._free_bytes:
            raise DiskFull(
                f"{self._root}: {free >> 20} MiB free, {self._free_bytes >> 20} MiB are kept free"
            )

    def incoming(self, head: bytes) -> IncomingContent:
        """Room for an object while it comes, behind what its file begins with."""
        return IncomingContent(self._root, self.require_space, head)

    def file(self, parts: Sequence[Content]) -> FiledContent:
        """Keep ``parts`` as one file; it is durable on return. Raises StoreError, DiskFull.

        What has come into that file already is not copied.
        """
        head, *others = parts
        if len(others) == 1 and isinstance(others[0], IncomingContent) and others[0].head == head:
            return self._filed(others[0].file)
        self.require_space(sum(map(len, parts)))
        with closing(NewFile(self._root, self.require_space)) as new:
            for part in parts:
                for chunk in chunks_of(part):
                    new.write(chunk)
            return self._filed(new)

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

    def _filed(self, new: NewFile) -> FiledContent:
        sha256 = new.synced()
        target = self.path(sha256)
        with told(target):
            self._make_folder(target.parent)
            new.keep_as(target)
            sync_folder(target.parent)
        return FiledContent(sha256, len(new), target)

    def _make_folder(self, folder: Path) -> None:
        if not os.path.isdir(folder):  # noqa: PTH112 - for every object
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._root)
