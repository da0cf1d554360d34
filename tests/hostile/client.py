"""A DIMSE client that says whatever it is told to, byte for byte."""

import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from gateway.adapters.dicomnet.store_commands import store_command
from tests.guard.wire import APPLICATION, item, pdu

PATIENCE_S = 30.0
ACCEPTED, P_DATA, ABORTED = 2, 4, 7
FRAGMENT_BYTES = 2**19
STATUS = 0x0900
PENDING = (0xFF00, 0xFF01)
EXPLICIT = "1.2.840.10008.1.2.1"


class Turned(Exception):
    """The other side rejected, aborted or closed."""


class Client:
    """One association with one presentation context."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def store(self, sop_class: str, uid: str, data: bytes | Iterable[bytes]) -> int:
        """C-STORE; the status. Raises Turned."""
        return self.ask(store_command(sop_class, uid, 1), data)

    def ask(self, command: bytes, data: bytes | Iterable[bytes]) -> int:
        """A message, and the status of its last response. Raises Turned."""
        self._send(command, data)
        status = 0xFF00
        while status in PENDING:
            status = self.status()
        return status

    def count(self, command: bytes, data: bytes) -> int:
        """How many responses come before the last. Raises Turned."""
        self._send(command, data)
        found = 0
        while self.status() in PENDING:
            found += 1
        return found

    def push(self, raw: bytes) -> None:
        """Any bytes. Raises Turned."""
        try:
            self._connection.sendall(raw)
        except OSError:
            raise Turned from None

    def _send(self, command: bytes, data: bytes | Iterable[bytes]) -> None:
        try:
            self._connection.sendall(fragment(3, command))
            for part in [data] if isinstance(data, bytes) else data:
                for start in range(0, len(part), FRAGMENT_BYTES):
                    self._connection.sendall(fragment(0, part[start : start + FRAGMENT_BYTES]))
            self._connection.sendall(fragment(2, b""))
        except OSError:
            raise Turned from None

    def status(self) -> int:
        """The status of the next response. Raises Turned."""
        while True:
            kind, body = received(self._connection)
            if kind != P_DATA:
                raise Turned
            if body[5] & 1:
                return elements(body[6:])[STATUS]


def fragment(control: int, content: bytes) -> bytes:
    """A P-DATA-TF of one fragment of context 1."""
    return pdu(P_DATA, struct.pack(">LBB", len(content) + 2, 1, control) + content)


def elements(command: bytes) -> Mapping[int, int]:
    """The two-byte numbers of a command set by element."""
    found, at = {}, 0
    while at < len(command):
        _, element, length = struct.unpack_from("<HHL", command, at)
        if length == 2:
            (found[element],) = struct.unpack_from("<H", command, at + 8)
        at += 8 + length
    return found


def command(field: int, sop_class: str, more: Iterable[tuple[int, bytes]] = ()) -> bytes:
    """A command set with a data set behind it (PS3.7 E.1)."""
    given = {
        0x0002: padded(sop_class),
        0x0100: struct.pack("<H", field),
        0x0110: struct.pack("<H", 1),
        0x0700: struct.pack("<H", 0),
        0x0800: struct.pack("<H", 1),
    } | dict(more)
    joined = b"".join(
        struct.pack("<HHL", 0, number, len(value)) + value
        for number, value in sorted(given.items())
    )
    return struct.pack("<HHLL", 0, 0, 4, len(joined)) + joined


def padded(uid: str) -> bytes:
    """A UID's value."""
    return uid.encode() + b"\0" * (len(uid) % 2)


@contextmanager
def association(
    port: int, calling: str, sop_class: str, syntax: str = EXPLICIT
) -> Iterator[Client]:
    """One association. Raises Turned where it is not accepted."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
        connection.settimeout(PATIENCE_S)
        connection.sendall(pdu(1, _request(calling, sop_class, syntax)))
        kind, body = received(connection)
        if kind != ACCEPTED or not _is_accepted(body):
            raise Turned
        yield Client(connection)


def _request(calling: str, sop_class: str, syntax: str) -> bytes:
    proposed = item(
        0x20,
        bytes((1, 0, 0, 0)) + item(0x30, sop_class.encode()) + item(0x40, syntax.encode()),
    )
    user = item(0x51, struct.pack(">L", 2**20)) + item(0x52, b"1.2.3")
    fixed = struct.pack(">H2x16s16s32x", 1, b"LINAC".ljust(16), calling.ljust(16).encode())
    return fixed + item(0x10, APPLICATION) + proposed + item(0x50, user)


def _is_accepted(body: bytes) -> bool:
    """Whether presentation context 1 has result 0 (PS3.8 9.3.3.2)."""
    at = 68
    while at + 4 <= len(body):
        kind, length = struct.unpack_from(">BxH", body, at)
        if kind == 0x21:
            return body[at + 6] == 0
        at += 4 + length
    return False


def received(connection: socket.socket) -> tuple[int, bytes]:
    """The next PDU. Raises Turned."""
    kind, length = struct.unpack(">BxL", _exactly(connection, 6))
    return kind, _exactly(connection, length)


def _exactly(connection: socket.socket, size: int) -> bytes:
    got = bytearray()
    while len(got) < size:
        try:
            part = connection.recv(size - len(got))
        except OSError:
            raise Turned from None
        if not part:
            raise Turned
        got += part
    return bytes(got)
