"""Whoever knocks: a well-behaved peer is served, and nobody else gets far."""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import islice, repeat

import pytest

from gateway.adapters.guard.guard import CROWDED_OUT
from gateway.domain.audit import AuditKind
from gateway.domain.node import Peer
from tests.guard.guarded import SHORT, Guarded, echo, echo_soon, eventually, guarded, node
from tests.guard.wire import ABORT, IDENTITY, RELEASE, answer, associate, data, ended, pdu

ACCEPTED, REJECTED, RELEASED, ABORTED = 2, 3, 6, 7
PATIENCE_S = 10.0


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
        assert ended(client)
        assert echo(served.port) == 0x0000
        alerts = [event for event in served.told if event.kind is AuditKind.SECURITY_ALERT]
    assert [event.address for event in alerts] == ["127.0.0.1"]


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
@pytest.mark.parametrize("count", [60, pytest.param(1_000, marks=pytest.mark.soak)])
def test_many_that_wait_keep_nobody_out(knock: Callable[[socket.socket], None], count: int) -> None:
    patient = replace(SHORT, handshake_s=60.0, header_s=60.0, body_s=60.0)
    known = {"PEER": Peer("PEER", "127.0.0.1", 0), "SLOW": Peer("SLOW", "127.0.0.1", 0)}
    with guarded(node(peers=known, limits=patient)) as served, ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(served.connect())
            try:
                knock(client)
            except ConnectionError:
                continue
        assert echo_soon(served.port)
        if knock is not stops_in_a_pdu:
            assert eventually(lambda: served.guard.refused[CROWDED_OUT] >= count - 24)


def test_who_speaks_at_once_is_heard_in_a_crowd() -> None:
    with guarded(node()) as served, ExitStack() as stack:
        crowd = [stack.enter_context(served.connect()) for _ in range(90)]
        for client in crowd:
            client.sendall(associate(called="OTHER"))
        assert [answer(client) for client in crowd] == [(REJECTED, b"\0\x01\x01\x07")] * 90


def a_byte_at_a_time(client: socket.socket, slow: bytes, every_s: float) -> float:
    """Seconds until the other side has had enough; at most PATIENCE_S."""
    began_s = time.monotonic()
    client.settimeout(every_s)
    for at in islice(repeat(slow), int(PATIENCE_S / every_s)):
        try:
            client.send(at[:1])
            slow = at[1:] or at
            if not client.recv(4096):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began_s


@pytest.mark.parametrize("accepted", [False, True], ids=["a request", "a PDU"])
def test_what_comes_a_byte_at_a_time_is_ended(accepted: bool) -> None:
    limits = replace(SHORT, header_s=0.5, body_s=0.5)
    with guarded(node(limits=limits)) as served, served.connect() as client:
        slow = associate()
        if accepted:
            client.sendall(associate())
            assert answer(client)[0] == ACCEPTED
            slow = data(1, 0, bytes(500))
        assert a_byte_at_a_time(client, slow, 0.05) < PATIENCE_S / 2
        assert echo_soon(served.port)


class SlowSender:
    """Always in the middle of a PDU, a byte at a time; comes again when it is cut."""

    def __init__(self, served: Guarded) -> None:
        self._served = served
        self.cut = 0
        self._begin()

    def send(self) -> None:
        try:
            self._client.sendall(b"\0")
        except OSError:
            self.close()
            self.cut += 1
            self._begin()

    def close(self) -> None:
        self._client.close()

    def _begin(self) -> None:
        self._client = self._served.connect()
        self._client.sendall(associate(calling="SLOW"))
        if answer(self._client)[0] == ACCEPTED:
            self._client.sendall(data(1, 0, bytes(2**16))[:100])


@pytest.mark.parametrize(
    ("for_s", "body_s"), [(4.0, 1.0), pytest.param(180.0, 10.0, marks=pytest.mark.soak)]
)
def test_twelve_slow_senders_keep_nobody_out(for_s: float, body_s: float) -> None:
    peers = {name: Peer(name, "127.0.0.1", 0) for name in ("PEER", "SLOW")}
    limits = replace(SHORT, associations=32, associations_per_peer=16, body_s=body_s)
    with guarded(node(peers=peers, limits=limits)) as served, ExitStack() as stack:
        slow = [stack.enter_context(closing(SlowSender(served))) for _ in range(12)]
        until_s = time.monotonic() + for_s
        while time.monotonic() < until_s:
            for sender in slow:
                sender.send()
            assert echo(served.port) == 0x0000
        assert all(sender.cut for sender in slow)
        assert served.guard.refused["the rest of a PDU did not come in time"] >= 12


def test_who_says_nothing_after_the_request_is_aborted() -> None:
    limits = replace(SHORT, idle_s=0.5)
    with guarded(node(limits=limits)) as served, served.connect() as client:
        client.sendall(associate())
        assert answer(client)[0] == ACCEPTED
        assert answer(client)[0] == ABORTED
        assert ended(client)
        assert eventually(lambda: served.guard.refused["anything did not come in time"] == 1)


def test_no_association_lasts_longer_than_it_may() -> None:
    limits = replace(SHORT, lifetime_s=0.5)
    with guarded(node(limits=limits)) as served, served.connect() as client:
        client.sendall(associate())
        assert answer(client)[0] == ACCEPTED
        assert answer(client)[0] == ABORTED


def test_a_release_is_answered_and_the_place_is_free() -> None:
    with guarded(node(limits=replace(SHORT, associations=1))) as served:
        for _ in range(3):
            assert eventually(lambda: served.guard.door.open == 0)
            with served.connect() as client:
                client.sendall(associate())
                assert answer(client)[0] == ACCEPTED
                client.sendall(RELEASE)
                assert answer(client)[0] == RELEASED
                assert ended(client)
        with served.connect() as client:
            client.sendall(associate())
            assert answer(client)[0] == ACCEPTED
            client.sendall(ABORT)
            assert ended(client)
        assert echo_soon(served.port)


def test_data_before_the_answer_is_a_breach() -> None:
    with guarded(node()) as served, served.connect() as client:
        client.sendall(associate() + RELEASE)
        assert answer(client) == (0, b"")
        assert eventually(
            lambda: served.guard.refused["data before the association was accepted"] == 1
        )


@pytest.mark.parametrize(
    "endless",
    [
        b"\x04\0\xff\xff\xff\xff" + bytes(2**16),
        data(1, 0, bytes(2**16)),
        pdu(4, data(1, 0, b"")[6:] * 10_000),
    ],
    ids=["four gigabytes", "fragments", "empty fragments"],
)
def test_what_never_ends_is_ended(endless: bytes) -> None:
    with guarded(node()) as served, served.connect() as client:
        client.sendall(associate())
        assert answer(client)[0] == ACCEPTED
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


def test_a_worker_that_is_gone_is_passed_over() -> None:
    with guarded(node(), gone=1) as served:
        assert [echo(served.port) for _ in range(3)] == [0, 0, 0]


def test_without_any_worker_a_peer_is_told_to_come_again() -> None:
    with guarded(node(), gone=1, workers=0) as served, served.connect() as client:
        client.sendall(associate())
        assert answer(client) == (REJECTED, b"\0\x02\x03\x01")
        assert eventually(lambda: served.guard.door.open == 0)
