"""A way for bytes from one socket to another that are not copied, nor looked at (splice(2))."""

import contextlib
import fcntl
import os

PASSAGE_BYTES = 2**18
AVAILABLE = hasattr(os, "splice")
LONGEST_FIRST_BYTES = 2**14
NOTHING = memoryview(b"")
_READ_BYTES = 2**16


class Passage:
    """A pipe that is empty whenever nothing is under way; what any connection passes through."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        with contextlib.suppress(PermissionError):  # a user may have so many large pipes
            fcntl.fcntl(self._in, fcntl.F_SETPIPE_SZ, PASSAGE_BYTES)

    def move(
        self, source: int, target: int, most_bytes: int, first: memoryview = NOTHING
    ) -> tuple[int, bytes]:
        """Move ``first``, and then what ``source`` has, at most so much.

        How much was taken of the source, 0 where there is nothing or an error, and what of all that
        ``target`` did not take. Both are descriptors of sockets that do not block; ``first`` is no
        longer than the pipe is for certain.
        """
        left = os.write(self._in, first) if first else 0
        try:
            taken = os.splice(source, self._in, min(most_bytes, PASSAGE_BYTES))
        except OSError:  # who reads the source finds it too
            taken = 0
        left += taken
        try:
            while left:
                left -= os.splice(self._out, target, left)
        except OSError:  # it takes nothing now, or never again
            return taken, self._emptied(left)
        return taken, b""

    def close(self) -> None:
        """Give it back."""
        os.close(self._in)
        os.close(self._out)

    def _emptied(self, left: int) -> bytes:
        rest = bytearray()
        while len(rest) < left:
            rest += os.read(self._out, _READ_BYTES)
        return bytes(rest)
