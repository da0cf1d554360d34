"""One watcher of the feed, as the room's process sees it: a socket that is never waited for."""

import errno
import logging
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

BUFFER_BYTES = 4 * 2**20
"""Wanted of the kernel, which may allow less: seconds of samples while a watcher is late."""
RETRY_S = 0.25

_GONE = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.ECONNREFUSED)
_log = logging.getLogger(__name__)


class Target:
    """Sends to one socket, connected anew after a while when nobody was there.

    What describes a state (links, beam, last event, last frame) waits for a watcher that takes no
    more, the newest of each kind only; samples do not wait, they are counted in ``untold``.
    """

    def __init__(self, path: Path, monotonic: Callable[[], float]) -> None:
        self._path = path
        self._monotonic = monotonic
        self._socket: socket.socket | None = None
        self._tried_s: float | None = None
        self._pending: dict[str, bytes] = {}
        self.untold = 0

    @property
    def connected(self) -> bool:
        """Whether somebody listened when it was last tried."""
        return self._socket is not None

    def reach(self, states: Mapping[str, bytes]) -> bool:
        """Connect where there is no connection; whoever connects is told ``states`` first."""
        if self._socket is not None:
            return True
        now_s = self._monotonic()
        if self._tried_s is not None and now_s - self._tried_s < RETRY_S:
            return False
        self._tried_s = now_s
        self._socket = _connected(self._path)
        if self._socket is None:
            return False
        self._pending = dict(states)
        return self._catch_up()

    def state(self, key: str, datagram: bytes) -> None:
        """Tell a state, now or as soon as the watcher takes something again."""
        self._pending.pop(key, None)
        self._pending[key] = datagram
        self._catch_up()

    def sample(self, datagram: Callable[[int], bytes]) -> None:
        """Tell a sample, made with the number of those before it that were not told."""
        if self._socket is not None and self._catch_up() and self._send(datagram(self.untold)):
            self.untold = 0
        else:
            self.untold += 1

    def close(self) -> None:
        """Let the watcher go; idempotent."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _catch_up(self) -> bool:
        """Send the states that wait; whether none waits any more."""
        while self._pending:
            key = next(iter(self._pending))
            if not self._send(self._pending[key]):
                return False
            del self._pending[key]
        return self._socket is not None

    def _send(self, datagram: bytes) -> bool:
        if self._socket is None:
            return False
        try:
            self._socket.send(datagram, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return False
        except OSError as error:
            return self._refused(error, datagram)
        return True

    def _refused(self, error: OSError, datagram: bytes) -> bool:
        if error.errno == errno.EMSGSIZE:
            _log.warning("the live feed: a message of %d bytes is too large", len(datagram))
            self._pending = {k: one for k, one in self._pending.items() if one is not datagram}
            return False
        if error.errno not in _GONE:
            _log.warning("the live feed: %s: %s", self._path, error)
        self.close()
        return False


def _connected(path: Path) -> socket.socket | None:
    one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        one.settimeout(0)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        one.connect(str(path))
    except OSError:
        one.close()
        return None
    return one
