"""Small records that outlive the process, whenever it dies.

Every record has two slots. A write goes to the slot that is older, with the next generation and a
CRC over both; so the newest whole slot is always there, whatever part of a write was done. The
file is good against the death of the process at any point (what it handed to the operating
system stays), not against that of the machine it runs on.
"""

import fcntl
import os
import struct
import zlib
from pathlib import Path

from gateway.domain.errors import ConfigError

_MAGIC = b"SLOTS\x001\n"
_GENERATION = struct.Struct("<Q")
_CRC = struct.Struct("<I")

Values = tuple[bytes | int | float, ...]


class SlotFile:
    """Records of one layout, numbered from 0, in a file of their own that one process holds."""

    def __init__(self, path: Path, layout: struct.Struct) -> None:
        """Raises ConfigError when another process holds the file or it is damaged."""
        self._path = path
        self._layout = layout
        self._slot_size = _GENERATION.size + layout.size + _CRC.size
        self._head = _MAGIC + _CRC.pack(layout.size)
        self._generations: list[int] = []
        self.records: list[Values] = []
        """Every record as it was when the file was opened."""
        self._file = self._open()
        try:
            self._read()
        except BaseException:
            self.close()
            raise

    def append(self, *values: bytes | float) -> int:
        """A new record; returns its number."""
        record = len(self._generations)
        self._generations.append(0)
        os.pwrite(self._file, bytes(2 * self._slot_size), self._offset(record))
        self.write(record, *values)
        return record

    def write(self, record: int, *values: bytes | float) -> None:
        """Replace a record."""
        generation = self._generations[record] + 1
        body = _GENERATION.pack(generation) + self._layout.pack(*values)
        slot = self._offset(record) + (generation % 2) * self._slot_size
        os.pwrite(self._file, body + _CRC.pack(zlib.crc32(body)), slot)
        self._generations[record] = generation

    def close(self) -> None:
        """Release the file; idempotent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _offset(self, record: int) -> int:
        return len(self._head) + 2 * record * self._slot_size

    def _open(self) -> int:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"{self._path}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            raise ConfigError(
                f"{self._path} is in use: another simulated room of this name is running; "
                "end it, or give this one a state folder of its own"
            ) from error
        return file

    def _read(self) -> None:
        content = self._path.read_bytes()
        if len(content) < len(self._head) and self._head.startswith(content):
            os.pwrite(self._file, self._head, 0)
            return
        if not content.startswith(self._head):
            raise ConfigError(f"{self._path} is not a state file of this version; move it away")
        whole = (len(content) - len(self._head)) // (2 * self._slot_size)
        for record in range(whole):
            newest = self._newest(content, record)
            if newest is None and record == whole - 1:
                break
            if newest is None:
                raise ConfigError(f"{self._path} is damaged at record {record}; move it away")
            self._generations.append(newest[0])
            self.records.append(newest[1])

    def _newest(self, content: bytes, record: int) -> tuple[int, Values] | None:
        found: list[tuple[int, Values]] = []
        for slot in range(2):
            start = self._offset(record) + slot * self._slot_size
            body = content[start : start + self._slot_size - _CRC.size]
            (crc,) = _CRC.unpack_from(content, start + len(body))
            (generation,) = _GENERATION.unpack_from(body)
            if generation and crc == zlib.crc32(body):
                found.append((generation, self._layout.unpack_from(body, _GENERATION.size)))
        return max(found, default=None)
