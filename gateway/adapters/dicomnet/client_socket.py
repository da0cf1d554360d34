"""The transport of an association that this node opens: bounded in time, failures kept as told."""

import contextlib
import select
import socket
import ssl
from collections import deque
from collections.abc import Iterable
from itertools import islice

from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.fsm import TRANSITION_TABLE, StateMachine
from pynetdicom.transport import T_CONNECT, AddressInformation, AssociationSocket

from gateway.adapters.dicomnet.client_tls import require_name

RECEIVE_BYTES = 256 * 2**10
AHEAD_BYTES = 4096
LONGEST_WAIT_S = 0.02
"""So often a thread that has to end, and a timeout, is looked for."""
WAKES = 4096
MOST_BUFFERS = 256
"""So many go to the system at once; it takes 1024."""
Buffer = bytes | memoryview
OWN_REQUESTS = frozenset({"Evt9", "Evt11", "Evt14", "Evt15"})
"""Data, release, its confirmation and abort, wanted by this side (PS3.8 table 9-10)."""
_CLOSING = "Sta13"


class ClientSocket(AssociationSocket):
    """Connects when it is asked to, and never waits longer than ``stall_s`` for the network.

    ``failure`` is why it could not connect; ``awaited`` the Message ID of a C-STORE request that
    has no answer yet.
    """

    def __init__(self, association: Association, certificate_name: str, stall_s: float) -> None:
        self._certificate_name = certificate_name
        self._stall_s = stall_s
        self._following: Iterable[Buffer] = ()
        self._ahead = b""
        self.awaited: int | None = None
        self.failure: OSError | None = None
        self._waking, self._woken = socket.socketpair()
        super().__init__(association, address=AddressInformation("127.0.0.1", 0))
        association.dul._run_loop_delay = 0  # noqa: SLF001 - pynetdicom's setting; see ready
        association.dul.state_machine = ClientStates(association.dul)
        pausing_at_its_end(association)

    def connect(self, primitive: T_CONNECT) -> None:
        """Connect to the primitive's address, which is told how that went."""
        try:
            unused, self.socket = self.socket, self._connected(primitive.address_info)
            if unused is not None:
                unused.close()
        except OSError as error:
            self.failure = error
            primitive.result = "Evt17"
        else:
            self._is_connected = True
            here = AddressInformation.from_tuple(self.socket.getsockname())
            self.assoc.requestor.address_info = here
            there = primitive.address_info.as_tuple
            evt.trigger(self.assoc, evt.EVT_CONN_OPEN, {"address": there})
            primitive.result = "Evt2"
        finally:
            self.provider_queue.put(primitive)
            self._ready.set()

    @property
    def ready(self) -> bool:
        """Whether there is something to read; waits a moment for it, or for :meth:`wake`."""
        if self.socket is None or not self._is_connected:
            return False
        if self._ahead or (isinstance(self.socket, ssl.SSLSocket) and self.socket.pending()):
            return True
        try:
            ready, _, _ = select.select((self.socket, self._woken), (), (), self._wait_s())
        except (OSError, ValueError):  # closed by another thread
            self.event_queue.put("Evt17")
            return False
        if self._woken in ready:
            self._woken.recv(WAKES)
        return self.socket in ready

    def wake(self) -> None:
        """What was put into the queue to be sent is taken at once."""
        with contextlib.suppress(OSError):
            self._waking.send(b"1")

    def follow_with(self, pdus: Iterable[Buffer]) -> None:
        """Send these right after what is sent next, by the same thread."""
        self._following = pdus

    def send(self, bytestream: bytes) -> None:
        """Send all of it; a peer that takes nothing for the stall time is lost."""
        following, self._following = self._following, ()
        try:
            send_all(self._open_socket(), (bytestream, *following))
        except OSError:
            self.event_queue.put("Evt17")

    def recv(self, nr_bytes: int) -> bytearray:
        """Read so many bytes, fewer where the connection ends before. Raises OSError."""
        read = bytearray(self._ahead[:nr_bytes])
        self._ahead = self._ahead[nr_bytes:]
        while len(read) < nr_bytes:
            part = self._open_socket().recv(min(RECEIVE_BYTES, nr_bytes - len(read)))
            if not part:
                break
            read += part
        return read

    def ahead(self, nr_bytes: int) -> bytes:
        """So many bytes that are read next, fewer where the connection ends before.

        Raises OSError.
        """
        while len(self._ahead) < nr_bytes:
            part = self._open_socket().recv(AHEAD_BYTES)
            if not part:
                break
            self._ahead += part
        return self._ahead[:nr_bytes]

    def dispose(self) -> None:
        """Close whatever is still open; idempotent."""
        for connection in (self.socket, self._waking, self._woken):
            if connection is not None:
                connection.close()

    def _wait_s(self) -> float:
        """No wait where there is something else to do: an event, or closing the connection."""
        is_closing = self.assoc.dul.state_machine.current_state == _CLOSING
        return 0.0 if is_closing or not self.event_queue.empty() else LONGEST_WAIT_S

    def _open_socket(self) -> socket.socket:
        if self.socket is None:
            raise ConnectionAbortedError("the connection is closed")
        return self.socket

    def _create_socket(self, address: AddressInformation) -> socket.socket:  # noqa: ARG002 - pynetdicom's signature
        """Bound to nothing: the one that is used is made when the peer's address is known."""
        return socket.socket()

    def _connected(self, address: AddressInformation) -> socket.socket:
        plain = socket.create_connection(address.as_tuple[:2], self.assoc.connection_timeout)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            open_ = plain if self.tls_args is None else self._secured(plain, self.tls_args)
            open_.settimeout(self._stall_s)
        except OSError:
            plain.close()
            raise
        return open_

    def _secured(self, plain: socket.socket, tls_args: tuple[ssl.SSLContext, str]) -> ssl.SSLSocket:
        context, host = tls_args
        secured = context.wrap_socket(plain, server_hostname=host)
        try:
            require_name(secured, self._certificate_name)
        except OSError:
            secured.close()
            raise
        return secured


def send_all(connection: socket.socket, buffers: Iterable[Buffer]) -> None:
    """All of the buffers, in order, copied by nobody but the system. Raises OSError."""
    waiting = deque(memoryview(buffer) for buffer in buffers)
    while waiting:
        if isinstance(
            connection, ssl.SSLSocket
        ):  # a record for each call: a head goes with its part
            connection.sendall(b"".join(waiting.popleft() for _ in range(min(2, len(waiting)))))
            continue
        sent = connection.sendmsg(list(islice(waiting, MOST_BUFFERS)))
        while waiting and sent >= len(waiting[0]):
            sent -= len(waiting.popleft())
        if sent:
            waiting[0] = waiting[0][sent:]


def pausing_at_its_end(association: Association) -> None:
    """Let nobody wait for ever for an association that has ended to pause.

    Every request of pynetdicom waits for that without a bound, and its thread, told to end by
    another in the middle of a round, ends as one that does not pause.
    """
    run = association.run

    def run_and_pause() -> None:
        try:
            run()
        finally:
            association._is_paused = True  # noqa: SLF001 - it has no other seam

    association.run = run_and_pause  # type: ignore[method-assign]


class ClientStates(StateMachine):
    """What this side asks for when it can no longer be asked for goes nowhere (PS3.8 9.2).

    An answer to the peer may be ready only after the release was requested: pynetdicom's thread
    would die of it.
    """

    def do_action(self, event: str) -> None:
        """Take an event."""
        if event in OWN_REQUESTS and (event, self.current_state) not in TRANSITION_TABLE:
            self.dul.to_provider_queue.get(block=False)
        else:
            super().do_action(event)
