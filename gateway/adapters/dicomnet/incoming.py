"""Messages as they come, within bounds: a large object goes to disk, else what is large is refused.

What one message may have in all (``Limits.message_bytes``) is the guard's to bound; so much is for
the disk to hold, not for memory.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage

from gateway.adapters.nodestore.contents import Content, SpilledContent
from gateway.domain.errors import StoreError

LONGEST_COMMAND_BYTES = 2**16
LONGEST_IN_MEMORY_BYTES = 8 * 2**20
"""Also what the header of an object on disk is looked for in."""
LONGEST_REQUEST_BYTES = 2 * 2**20
MOST_ITEMS = 20_000
"""Of what is decoded whole, as are queries and requests for commitment: an empty item of 8 bytes
takes 2 KiB when it is decoded, an empty value 200 bytes, a change of the character set 10 us."""
_COUNTED = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00", b"\x1b", b"\\")
"""(FFFE,E000) in either byte order, escapes, and what stands between values."""

Spill = Callable[[], SpilledContent]
"""Makes room on disk. Raises StoreError, DiskFull."""


class BoundedBytes(BytesIO):
    """Takes so many bytes and no more."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__()
        self._limit_bytes = limit_bytes

    def write(self, data: Any, /) -> int:
        """Raises ValueError beyond the limit."""
        if self.tell() + len(data) > self._limit_bytes:
            raise ValueError(f"a message of more than {self._limit_bytes} bytes")
        return super().write(data)


class IncomingDataSet(BoundedBytes):
    """The data set of a message; that of a C-STORE request continues on disk where it is large."""

    def __init__(self, message: DIMSEMessage, spill: Spill | None) -> None:
        super().__init__(LONGEST_IN_MEMORY_BYTES)
        self._message = message
        self._spill = spill
        self._items = 0
        self._before = b""
        self.spilled: SpilledContent | None = None
        self.problem: StoreError | None = None

    def write(self, data: Any, /) -> int:
        """Raises ValueError for what is too large, and no object."""
        if self._message.__class__ is not C_STORE_RQ:
            self._require_modest(data)
        fits = self.tell() + len(data) <= LONGEST_IN_MEMORY_BYTES
        is_in_memory = self.spilled is None and self.problem is None
        if is_in_memory and (fits or not self._may_spill()):
            return super().write(data)
        self._append(data)
        return len(data)

    def close(self) -> None:
        """Give memory and disk space back; idempotent."""
        if self.spilled is not None:
            self.spilled.close()
        super().close()

    def _require_modest(self, data: Any) -> None:
        if self.tell() + len(data) > LONGEST_REQUEST_BYTES:
            raise ValueError(f"a message of more than {LONGEST_REQUEST_BYTES} bytes")
        seen = self._before + data
        self._items += sum(map(seen.count, _COUNTED))
        self._before = seen[-3:]
        if self._items > MOST_ITEMS:
            raise ValueError(f"a message of more than {MOST_ITEMS} items, values or escapes")

    def _may_spill(self) -> bool:
        return self._spill is not None and self._message.__class__ is C_STORE_RQ

    def _append(self, data: bytes) -> None:
        """What the disk does not take is told when the object is complete."""
        if self.problem is not None:
            return
        try:
            if self.spilled is None:
                self.spilled = self._moved()
            self.spilled.append(data)
        except StoreError as problem:
            self.problem = problem
            if self.spilled is not None:
                self.spilled.close()

    def _moved(self) -> SpilledContent:
        assert self._spill is not None  # noqa: S101 - see _may_spill
        spilled = self._spill()
        spilled.append(self.getvalue())
        self.seek(0)
        self.truncate()
        return spilled


@contextmanager
def received(data_set: BytesIO) -> Iterator[Content]:
    """All that came, to be gone with the block. Raises StoreError, DiskFull if it is not there."""
    with data_set:
        if isinstance(data_set, IncomingDataSet) and data_set.problem is not None:
            raise data_set.problem
        if isinstance(data_set, IncomingDataSet) and data_set.spilled is not None:
            yield data_set.spilled
        else:
            with data_set.getbuffer() as content:
                yield content


def front(data_set: BytesIO) -> BytesIO:
    """What to look for a header in. Raises StoreError."""
    if isinstance(data_set, IncomingDataSet) and data_set.spilled is not None:
        return BytesIO(data_set.spilled.front(LONGEST_IN_MEMORY_BYTES))
    data_set.seek(0)
    return data_set
