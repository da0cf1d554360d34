"""The bytes of an object that has come: in memory, or in a file that has no name."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from gateway.adapters.nodestore.new_file import NewFile

CHUNK_BYTES = 2**20


class IncomingContent:
    """A data set as it comes, behind ``head``: the file that it will be.

    Every method but :meth:`close` raises StoreError, DiskFull.
    """

    def __init__(
        self, folder: Path, require_space: Callable[[int], None], head: bytes = b""
    ) -> None:
        """In ``folder``; ``require_space`` raises DiskFull where so many bytes are too many."""
        self.file = NewFile(folder, require_space)
        self.head = head
        self.file.write(head)

    def __len__(self) -> int:
        return len(self.file) - len(self.head)

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Continue with ``data``."""
        self.file.write(data)

    def front(self, size_bytes: int) -> BinaryIO:
        """A file to read the first so many bytes from; fewer where there are no more."""
        whole = self.file.in_memory
        if whole is not None:
            return io.BytesIO(whole[len(self.head) :][:size_bytes])
        return cast("BinaryIO", io.BufferedReader(_Front(self, min(size_bytes, len(self)))))

    def read(self, size_bytes: int, begin: int) -> bytes:
        """So many bytes of the data set from there; fewer where there are no more."""
        return self.file.read(size_bytes, len(self.head) + begin)

    def chunks(self) -> Iterator[bytes | memoryview]:
        """All of it, in order; a chunk is valid until the next."""
        whole = self.file.in_memory
        if whole is not None:
            yield whole[len(self.head) :]
            return
        for begin in range(0, len(self), CHUNK_BYTES):
            yield self.read(CHUNK_BYTES, begin)

    def close(self) -> None:
        """Give memory and disk space back; idempotent."""
        self.file.close()


class _Front(io.RawIOBase):
    """The first bytes of a content."""

    def __init__(self, content: IncomingContent, size_bytes: int) -> None:
        self._content = content
        self._size = size_bytes
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = origin + offset
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        data = self._content.read(wanted, self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


Content = bytes | memoryview | IncomingContent


def chunks_of(content: Content) -> Iterator[bytes | memoryview]:
    """All of it, in order, a piece at a time."""
    if isinstance(content, IncomingContent):
        yield from content.chunks()
    else:
        yield content
