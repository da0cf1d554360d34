"""PDUs as a client would make them, by hand."""

import socket
import struct

VERIFICATION = b"1.2.840.10008.1.1"
IMPLICIT = b"1.2.840.10008.1.2"
APPLICATION = b"1.2.840.10008.3.1.1.1"


def item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value


def associate_body(
    called: str = "LINAC",
    calling: str = "PEER",
    contexts: tuple[int, ...] = (1,),
    extra: bytes = b"",
) -> bytes:
    """The body of an A-ASSOCIATE-RQ for Verification."""
    proposed = b"".join(
        item(0x20, bytes((number, 0, 0, 0)) + item(0x30, VERIFICATION) + item(0x40, IMPLICIT))
        for number in contexts
    )
    user = item(0x51, struct.pack(">L", 16384)) + item(0x52, b"1.2.3") + extra
    fixed = struct.pack(">H2x16s16s32x", 1, called.ljust(16).encode(), calling.ljust(16).encode())
    return fixed + item(0x10, APPLICATION) + proposed + item(0x50, user)


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxL", kind, len(body)) + body


def data(context: int, control: int, fragment: bytes) -> bytes:
    """A P-DATA-TF of one fragment."""
    return pdu(4, struct.pack(">LBB", len(fragment) + 2, context, control) + fragment)


def associate(**given: object) -> bytes:
    return pdu(1, associate_body(**given))  # type: ignore[arg-type]  # as associate_body


IDENTITY = item(0x58, b"\x01\x00\x00\x04user\x00\x00")
RELEASE = pdu(5, bytes(4))
ABORT = pdu(7, bytes(4))


def answer(client: socket.socket) -> tuple[int, bytes]:
    """The next PDU that comes back: its type, and its body's first four bytes.

    (0, b"") where the connection just ends.
    """
    client.settimeout(10)
    try:
        head = received(client, 6)
        body = received(client, int.from_bytes(head[2:6], "big"))
    except ConnectionError:
        return 0, b""
    return head[0], body[:4]


def ended(client: socket.socket) -> bool:
    """Whether the other side ends the connection, and says nothing more."""
    client.settimeout(10)
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


def received(client: socket.socket, size: int) -> bytes:
    """So many bytes. Raises ConnectionError where the connection ends before."""
    got = b""
    while len(got) < size:
        part = client.recv(size - len(got))
        if not part:
            raise ConnectionAbortedError
        got += part
    return got
