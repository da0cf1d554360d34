"""The bytes of an object that has come: in memory, or in a file that has no name."""

import os
import tempfile
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.adapters.nodestore.disk import told, write_all

CHUNK_BYTES = 2**20
UNFINISHED = ".new"


class SpilledContent:
    """More than should be held in memory. Its file is gone once closed, or the process has ended.

    Every method but :meth:`close` raises StoreError, DiskFull.
    """

    def __init__(self, folder: Path, require_space: Callable[[int], None]) -> None:
        """In ``folder``; ``require_space`` raises DiskFull where so many bytes are too many."""
        self._folder = folder
        self._require_space = require_space
        self._size = 0
        with told(folder):
            self._descriptor, name = tempfile.mkstemp(UNFINISHED, ".", folder)
            self._close = weakref.finalize(self, os.close, self._descriptor)
            Path(name).unlink()

    def __len__(self) -> int:
        return self._size

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Write ``data`` behind what there is."""
        self._require_space(len(data))
        with told(self._folder):
            write_all(self._descriptor, data)
        self._size += len(data)

    def front(self, size_bytes: int) -> bytes:
        """The first so many bytes; fewer where there are no more."""
        with told(self._folder):
            return os.pread(self._descriptor, size_bytes, 0)

    def chunks(self) -> Iterator[bytes]:
        """All of it, in order."""
        for start in range(0, self._size, CHUNK_BYTES):
            with told(self._folder):
                chunk = os.pread(self._descriptor, CHUNK_BYTES, start)
            yield chunk

    def close(self) -> None:
        """Give the disk space back; idempotent."""
        self._close()


Content = bytes | memoryview | SpilledContent


def chunks_of(content: Content) -> Iterator[bytes | memoryview]:
    """All of it, in order, a piece at a time."""
    if isinstance(content, SpilledContent):
        yield from content.chunks()
    else:
        yield content
