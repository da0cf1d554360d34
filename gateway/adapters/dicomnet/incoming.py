"""Messages as they come, within bounds: an object goes to disk, else what is large is refused.

What one message may have in all (``Limits.message_bytes``) is the guard's to bound; so much is for
the disk to hold, not for memory.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO

from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage

from gateway.adapters.nodestore.contents import Content, IncomingContent
from gateway.domain.errors import StoreError

LONGEST_COMMAND_BYTES = 2**16
LONGEST_IN_MEMORY_BYTES = 8 * 2**20
"""Of an object that is sent where nothing is stored; and what a header is looked for in."""
LONGEST_REQUEST_BYTES = 2 * 2**20
MOST_ITEMS = 20_000
"""Of what is decoded whole, as are queries and requests for commitment: an empty item of 8 bytes
takes 2 KiB when it is decoded, an empty value 200 bytes, a change of the character set 10 us."""
_COUNTED = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00", b"\x1b", b"\\")
"""(FFFE,E000) in either byte order, escapes, and what stands between values."""

Begin = Callable[[bytes], IncomingContent]
"""Makes room for an object whose file begins so. Raises StoreError, DiskFull."""


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
    """The data set of a message; that of a C-STORE request goes to where ``begin`` says."""

    def __init__(self, message: DIMSEMessage, begin: Callable[[], IncomingContent] | None) -> None:
        super().__init__(LONGEST_IN_MEMORY_BYTES)
        self._message = message
        self._begin = begin
        self._items = 0
        self._before = b""
        self.content: IncomingContent | None = None
        self.problem: StoreError | None = None

    def write(self, data: Any, /) -> int:
        """Raises ValueError for what is too large, and no object."""
        if not isinstance(self._message, C_STORE_RQ):
            self._require_modest(data)
        elif self._begin is not None:
            self._append(data, self._begin)
            return len(data)
        return super().write(data)

    def room(self, most_bytes: int) -> memoryview | None:
        """Where to put what comes next of an object, at most so much; None: it is to be written.

        :meth:`grown` says that it is there.
        """
        if self.problem is not None or self.content is None:
            return None
        return self.content.file.room(most_bytes)

    def grown(self, size_bytes: int) -> None:
        """So many bytes were put into the room."""
        if self.content is not None:
            try:
                self.content.file.grown(size_bytes)
            except StoreError as problem:
                self._fail(problem)

    def close(self) -> None:
        """Give memory and disk space back; idempotent."""
        if self.content is not None:
            self.content.close()
        super().close()

    def _require_modest(self, data: Any) -> None:
        if self.tell() + len(data) > LONGEST_REQUEST_BYTES:
            raise ValueError(f"a message of more than {LONGEST_REQUEST_BYTES} bytes")
        seen = self._before + data
        self._items += sum(map(seen.count, _COUNTED))
        self._before = seen[-3:]
        if self._items > MOST_ITEMS:
            raise ValueError(f"a message of more than {MOST_ITEMS} items, values or escapes")

    def _append(self, data: Any, begin: Callable[[], IncomingContent]) -> None:
        if self.problem is not None:
            return
        try:
            if self.content is None:
                self.content = begin()
            self.content.append(data)
        except StoreError as problem:
            self._fail(problem)

    def _fail(self, problem: StoreError) -> None:
        """What the disk does not take is told when the object is complete."""
        self.problem = problem
        if self.content is not None:
            self.content.close()


@contextmanager
def received(data_set: BytesIO) -> Iterator[Content]:
    """All that came, to be gone with the block. Raises StoreError, DiskFull if it is not there."""
    with data_set:
        if isinstance(data_set, IncomingDataSet) and data_set.problem is not None:
            raise data_set.problem
        if isinstance(data_set, IncomingDataSet) and data_set.content is not None:
            yield data_set.content
        else:
            with data_set.getbuffer() as content:
                yield content


def front(data_set: BytesIO) -> BinaryIO:
    """What to look for a header in; reading it raises StoreError."""
    if isinstance(data_set, IncomingDataSet) and data_set.content is not None:
        return data_set.content.front(LONGEST_IN_MEMORY_BYTES)
    data_set.seek(0)
    return data_set
