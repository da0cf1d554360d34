"""Whoever knocks: a well-behaved peer is served, and nobody else gets far."""

import random
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.guard.guarded import SHORT, Guarded, echo, echo_soon, guarded, node
from tests.guard.wire import IDENTITY, associate, data, pdu

REJECTED, ABORTED = 3, 7


def answer(client: socket.socket) -> tuple[int, bytes]:
    """The first PDU that comes back, (0, b"") where the connection just ends."""
    got = b""
    client.settimeout(10)
    try:
        while len(got) < 10 and (part := client.recv(4096)):
            got += part
    except ConnectionResetError:
        return 0, b""
    return (got[0], got[6:10]) if got else (0, b"")


def test_who_may_come_in() -> None:
    with guarded(node()) as served:
        assert echo(served.port) == 0x0000
        assert echo(served.port, calling="STRANGER") is None
        assert echo(served.port, called="OTHER") is None
        reasons = {event.reason for event in served.told if event.reason}
    assert reasons == {"calling AE title not recognised", "called AE title not recognised"}


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (associate(calling="STRANGER"), (REJECTED, b"\0\x01\x01\x03")),
        (associate(called="OTHER"), (REJECTED, b"\0\x01\x01\x07")),
        (associate(extra=IDENTITY), (REJECTED, b"\0\x01\x01\x01")),
        (pdu(4, bytes(6)), (0, b"")),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", (0, b"")),
        (b"\x01\0\xff\xff\xff\xff" + bytes(100), (0, b"")),
        (b"\x16\x03\x01\x02\x00\x01" + bytes(512), (0, b"")),
    ],
)
def test_what_is_not_let_in_is_told_why(request_: bytes, reply: tuple[int, bytes]) -> None:
    with guarded(node()) as served, served.connect() as client:
        client.sendall(request_)
        assert answer(client) == reply
        assert echo(served.port) == 0x0000


def test_no_more_associations_than_are_allowed() -> None:
    with guarded(node()) as served, ExitStack() as stack:
        for _ in range(SHORT.associations_per_peer):
            client = stack.enter_context(served.connect())
            client.sendall(associate())
            assert answer(client)[0] == 2
        client = stack.enter_context(served.connect())
        client.sendall(associate())
        assert answer(client) == (REJECTED, b"\0\x02\x03\x02")


def silent(_: socket.socket) -> None:
    """Says nothing at all."""


def begins(client: socket.socket) -> None:
    client.sendall(associate()[:20])


def stops_in_a_pdu(client: socket.socket) -> None:
    client.sendall(associate(calling="SLOW") + data(1, 0, bytes(500))[:100])


@pytest.mark.parametrize("knock", [silent, begins, stops_in_a_pdu])
def test_many_that_wait_keep_nobody_out(knock: Callable[[socket.socket], None]) -> None:
    with guarded(node(unknown_peers=True)) as served, ExitStack() as stack:
        for _ in range(60):
            client = stack.enter_context(served.connect())
            try:
                knock(client)
            except ConnectionError:
                continue
        assert echo_soon(served.port)


@pytest.mark.parametrize(
    "endless",
    [b"\x04\0\xff\xff\xff\xff" + bytes(2**16), data(1, 0, bytes(2**16))],
    ids=["four gigabytes", "fragments"],
)
def test_what_never_ends_is_ended(endless: bytes) -> None:
    with guarded(node()) as served, served.connect() as client:
        client.sendall(associate())
        assert answer(client)[0] == 2
        assert sent_before_the_end(client, endless) < 16 * 2**20
        assert echo_soon(served.port)


def sent_before_the_end(client: socket.socket, endless: bytes) -> int:
    sent = 0
    while sent < 64 * 2**20:
        try:
            client.sendall(endless)
        except OSError:
            break
        sent += len(endless)
    return sent


def mutated(draw: random.Random) -> bytes:
    stream = bytearray(
        associate() + data(1, 3, bytes(68)) + data(1, 0, bytes(300)) + pdu(5, bytes(4))
    )
    for _ in range(draw.randint(1, 6)):
        match draw.randrange(3):
            case 0:
                stream[draw.randrange(len(stream))] = draw.randrange(256)
            case 1:
                del stream[draw.randrange(len(stream)) :]
                stream += draw.randbytes(draw.randrange(40))
            case _:
                at = draw.randrange(len(stream))
                stream[at:at] = draw.randbytes(draw.randrange(1, 9))
        if not stream:
            stream += b"\x01"
    return bytes(stream)


def hammer(served: Guarded, sessions: int, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(sessions):
        with served.connect() as client:
            try:
                client.sendall(mutated(draw))
                client.shutdown(socket.SHUT_WR)
            except OSError:
                continue


@pytest.mark.parametrize("sessions", [200, pytest.param(10_000, marks=pytest.mark.soak)])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_mutated_sessions_break_nothing(sessions: int) -> None:
    before = resident_mib()
    with guarded(node()) as served:
        hammer(served, sessions, 7)
        assert echo_soon(served.port)
    assert resident_mib() - before < 256


def resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
