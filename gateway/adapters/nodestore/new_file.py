"""A file that is being written: in memory at first, then under no name, in large portions.

A large one goes past the page cache. The memory of a portion is used again and again, where every
file that the page cache keeps takes fresh memory, which can cost more than all the rest.
"""

import contextlib
import errno
import fcntl
import hashlib
import mmap
import os
import secrets
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

from gateway.adapters.nodestore.disk import told, write_all

UNFINISHED = ".new"
PORTION_BYTES = 2**20
"""A larger file goes past the page cache."""
ALIGNMENT_BYTES = 4096
"""What O_DIRECT wants lengths to be multiples of, on every usual disk."""
IDLE_PORTIONS = 4
FRONT_BYTES = 64 * 2**10
"""So much of the begin of a file can be read without its disk."""
_NO_NAMELESS_FILES = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)
"""What a file system without them says (open(2), O_TMPFILE)."""
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL

_idle: list[memoryview] = []
_lock = threading.Lock()


class NewFile:
    """A file of ``folder``, gone once it is closed, or the process ends, unless it was named.

    Nothing is written behind what has been read, synced or named. Every method but :meth:`close`
    raises StoreError, DiskFull.
    """

    def __init__(self, folder: Path, require_space: Callable[[int], None]) -> None:
        """``require_space`` raises DiskFull where so many bytes are too many."""
        self._folder = folder
        self._require_space = require_space
        self._portion = _taken()
        self._filled = self._flushed = 0
        self._digest = hashlib.sha256()
        self._file: _Descriptor | None = None
        self._front = b""

    def __len__(self) -> int:
        return self._flushed + self._filled

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Continue with ``data``."""
        left = memoryview(data)
        while left:
            room = self.room(len(left))
            room[:] = left[: len(room)]
            left = left[len(room) :]
            self.grown(len(room))

    def room(self, most_bytes: int) -> memoryview:
        """Where to put what comes next, at most so much; :meth:`grown` says that it is there."""
        return self._portion[self._filled : self._filled + most_bytes]

    def grown(self, size_bytes: int) -> None:
        """So many bytes were put into the room."""
        self._filled += size_bytes
        if self._filled == PORTION_BYTES:
            self._flush()

    @property
    def in_memory(self) -> memoryview | None:
        """All of it, while none of it is on disk; valid until anything else is called."""
        return None if self._file else self._portion[: self._filled]

    def read(self, size_bytes: int, begin: int) -> bytes:
        """So many bytes from there; fewer where there are no more."""
        if self._file is None:
            return bytes(self._portion[: self._filled][begin : begin + size_bytes])
        if begin + size_bytes <= len(self._front):
            return self._front[begin : begin + size_bytes]
        file = self._on_disk()
        with told(self._folder):
            return file.read(size_bytes, begin)

    def named(self) -> Path:
        """Its path from now on, which means nothing; whoever renames it keeps it."""
        file = self._on_disk()
        with told(self._folder):
            return file.named()

    def keep_as(self, path: Path) -> None:
        """Give it this name for good, in its folder or one below; what had the name is replaced."""
        file = self._on_disk()
        with told(path):
            file.keep_as(path)

    def synced(self) -> str:
        """Make its content durable; the SHA-256 of it."""
        file = self._on_disk()
        with told(self._folder):
            os.fsync(file.number)
        return self._digest.hexdigest()

    def close(self) -> None:
        """Give back what it takes; idempotent."""
        if self._file is not None:
            self._file.close()
        portion, self._portion = self._portion, memoryview(b"")
        self._filled = 0
        _give_back(portion)

    def _on_disk(self) -> "_Descriptor":
        if self._filled or self._file is None:
            return self._flush()
        return self._file

    def _flush(self) -> "_Descriptor":
        filled = self._portion[: self._filled]
        self._require_space(len(filled))
        self._digest.update(filled)
        with told(self._folder):
            if self._file is None:
                self._file = _Descriptor(self._folder, is_large=len(filled) == PORTION_BYTES)
                self._front = bytes(filled[:FRONT_BYTES])
            self._file.write(filled)
        self._flushed += len(filled)
        self._filled = 0
        return self._file


class _Descriptor:
    """The file on disk; a large one, which takes its time, has no name. Methods raise OSError."""

    def __init__(self, folder: Path, *, is_large: bool) -> None:
        self._folder = folder
        self._path: str | None = None
        nameless = _nameless(folder) if is_large else None
        self.number = self._opened() if nameless is None else nameless
        self._close = weakref.finalize(self, os.close, self.number)
        self._direct = is_large and _set_direct(self.number, wanted=True)

    def _opened(self) -> int:
        self._path = self._unfinished()
        return os.open(self._path, _NEW, 0o600)

    def _unfinished(self) -> str:
        return f"{self._folder}/.{secrets.token_hex(12)}{UNFINISHED}"

    def write(self, data: memoryview) -> None:
        """Write all of it where the file stands, past the page cache as far as that goes."""
        if self._direct:
            data = data[self._write_direct(data) :]
        if data:
            write_all(self.number, data)

    def read(self, size_bytes: int, begin: int) -> bytes:
        if self._direct:
            self._direct = _set_direct(self.number, wanted=False)
        return os.pread(self.number, size_bytes, begin)

    def _write_direct(self, data: memoryview) -> int:
        """Write whole blocks; how much. What does not go that way is the page cache's."""
        whole = data[: len(data) // ALIGNMENT_BYTES * ALIGNMENT_BYTES]
        try:
            written = os.write(self.number, whole) if whole else 0
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            written = 0
        if written < len(data):
            self._direct = _set_direct(self.number, wanted=False)
        return written

    def named(self) -> Path:
        if self._path is None:
            path = self._unfinished()
            self._link(path)
            self._path = path
        return Path(self._path)

    def keep_as(self, path: Path) -> None:
        if self._path is None:
            try:
                self._link(path)
            except FileExistsError:
                self.named()
            else:
                return
        os.replace(self.named(), path)  # noqa: PTH105 - for every object
        self._path = None

    def _link(self, path: Path | str) -> None:
        # the directory that is given counts for nothing but that the link is followed
        os.link(f"/proc/self/fd/{self.number}", path, src_dir_fd=self.number)

    def close(self) -> None:
        self._close()
        if self._path is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._path)  # noqa: PTH108 - likewise


def _nameless(folder: Path) -> int | None:
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
    except OSError as error:
        if error.errno not in _NO_NAMELESS_FILES:
            raise
        return None


def _set_direct(descriptor: int, *, wanted: bool) -> bool:
    """Write past the page cache from now on, or not; whether that is so."""
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    wished = flags | os.O_DIRECT if wanted else flags & ~os.O_DIRECT
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, wished)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return False
    return wanted


def _taken() -> memoryview:
    """Memory for a portion; it begins with a page."""
    with _lock:
        if _idle:
            return _idle.pop()
    return memoryview(mmap.mmap(-1, PORTION_BYTES))


def _give_back(portion: memoryview) -> None:
    with _lock:
        if portion and len(_idle) < IDLE_PORTIONS:
            _idle.append(portion)
