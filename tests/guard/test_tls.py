"""TLS at the door: who is let in, and by what name another is turned away."""

import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.adapters.guard.guard import CROWDED_OUT
from gateway.domain.node import Node, Peer, Tls
from tests.guard.guarded import SHORT, Guarded, eventually, guarded, node
from tests.guard.wire import answer, associate, ended
from tests.outbox.certificates import Authority, authority
from tests.peers import program

ACCEPTED, REJECTED = 2, 3
KNOWN = {"PEER": Peer("PEER", "127.0.0.1", 0, tls=True, certificate_name="peer")}


@pytest.fixture
def signed(tmp_path: Path) -> Authority:
    return authority(tmp_path)


def secured(signed: Authority, **given: object) -> Node:
    return node(tls=signed.tls("node"), peers=KNOWN, **given)


def client_context(tls: Tls | None, authorities: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(authorities)
    if tls is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    return context


def opened(served: Guarded, context: ssl.SSLContext) -> ssl.SSLSocket:
    return context.wrap_socket(served.connect())


def outcome(served: Guarded, context: ssl.SSLContext) -> tuple[int, bytes]:
    """What comes of an association request over TLS; (0, b"") where there is no TLS."""
    try:
        with opened(served, context) as client:
            client.sendall(associate())
            return answer(client)
    except (ssl.SSLError, ConnectionError):
        return 0, b""


def test_who_has_the_right_certificate_comes_in(signed: Authority) -> None:
    with guarded(secured(signed)) as served:
        context = client_context(signed.tls("peer"), signed.file)
        assert outcome(served, context)[0] == ACCEPTED
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        assert outcome(served, context)[0] == ACCEPTED


def expired(signed: Authority) -> ssl.SSLContext:
    return client_context(signed.tls("peer", (-2, -1)), signed.file)


def not_yet_valid(signed: Authority) -> ssl.SSLContext:
    return client_context(signed.tls("peer", (1, 2)), signed.file)


def of_another_authority(signed: Authority) -> ssl.SSLContext:
    return client_context(authority(signed.folder, "stranger").tls("peer"), signed.file)


def without_certificate(signed: Authority) -> ssl.SSLContext:
    return client_context(None, signed.file)


def too_old(signed: Authority) -> ssl.SSLContext:
    context = client_context(signed.tls("peer"), signed.file)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def without_authenticated_encryption(signed: Authority) -> ssl.SSLContext:
    context = client_context(signed.tls("peer"), signed.file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES256-SHA384")
    return context


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (expired, "TLS: certificate has expired"),
        (not_yet_valid, "TLS: certificate is not yet valid"),
        (of_another_authority, "TLS: unable to get local issuer certificate"),
        (without_certificate, "TLS: peer did not return a certificate"),
        (too_old, "TLS: unsupported protocol"),
        (without_authenticated_encryption, "TLS: no shared cipher"),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_another_is_turned_away_by_name(
    signed: Authority, made: Callable[[Authority], ssl.SSLContext], reason: str
) -> None:
    right = client_context(signed.tls("peer"), signed.file)
    with guarded(secured(signed)) as served:
        assert outcome(served, made(signed)) == (0, b"")
        assert eventually(lambda: served.guard.refused == {reason: 1})
        assert outcome(served, right)[0] == ACCEPTED
        assert [event.reason for event in served.told if event.reason] == [reason]


def test_the_certificate_of_another_peer_is_none(signed: Authority) -> None:
    with guarded(secured(signed)) as served:
        context = client_context(signed.tls("somebody"), signed.file)
        assert outcome(served, context) == (REJECTED, b"\0\x01\x01\x03")


def test_a_dns_name_will_do(signed: Authority) -> None:
    known = {"PEER": replace(KNOWN["PEER"], certificate_name="peer.test")}
    with guarded(replace(secured(signed), peers=known)) as served:
        context = client_context(signed.tls("peer"), signed.file)
        assert outcome(served, context)[0] == ACCEPTED


def test_a_plain_request_gets_nothing(signed: Authority) -> None:
    with guarded(secured(signed)) as served, served.connect() as client:
        client.sendall(associate())
        assert ended_after_alert(client)
        assert eventually(lambda: served.guard.refused["TLS: wrong version number"] == 1)


def ended_after_alert(client: socket.socket) -> bool:
    """An alert of TLS may come before the end, which is no PDU."""
    client.settimeout(10)
    try:
        alert = client.recv(7)
    except ConnectionError:
        return True
    return alert[:1] in {b"", b"\x15"} and ended(client)


def test_a_peer_of_tls_is_not_let_in_without(signed: Authority) -> None:
    with guarded(node(peers=KNOWN)) as served, served.connect() as client:
        client.sendall(associate())
        assert answer(client) == (REJECTED, b"\0\x01\x01\x03")


SERVED_S = 1.0
TRIES = 5
"""The quickest of these counts: a busy computer makes others late."""


@pytest.mark.soak
def test_beside_silent_sockets_a_peer_is_served_at_once(signed: Authority) -> None:
    context, took_s = client_context(signed.tls("peer"), signed.file), []
    with guarded(secured(signed, limits=replace(SHORT, handshake_s=60.0))) as served:
        for _ in range(TRIES):
            with ExitStack() as stack:
                for _ in range(50):
                    stack.enter_context(served.connect())
                began_s = time.monotonic()
                assert outcome(served, context)[0] == ACCEPTED
                took_s.append(time.monotonic() - began_s)
    assert min(took_s) < SERVED_S


def test_silent_sockets_keep_nobody_out(signed: Authority) -> None:
    context = client_context(signed.tls("peer"), signed.file)
    patient = replace(SHORT, handshake_s=60.0)
    with guarded(secured(signed, limits=patient)) as served, ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(served.connect())
        assert outcome(served, context)[0] == ACCEPTED
        assert eventually(lambda: served.guard.refused[CROWDED_OUT] >= 50 - 24)


def test_a_handshake_that_does_not_end_is_ended(signed: Authority) -> None:
    with guarded(secured(signed)) as served, served.connect() as client:
        client.sendall(b"\x16\x03\x01")
        assert ended(client)
        reason = "TLS: the handshake did not end in time"
        assert eventually(lambda: served.guard.refused[reason] == 1)


@pytest.mark.peer
def test_dcmtk_comes_in_over_tls(signed: Authority) -> None:
    ours, theirs = secured(signed), signed.tls("peer")
    with guarded(ours) as served:
        command = [program("echoscu", "dcmtk"), "+tls", theirs.key, theirs.certificate]
        command += ["+cf", signed.file, "-aet", "PEER", "-aec", "LINAC"]
        subprocess.run([*map(str, command), "127.0.0.1", str(served.port)], check=True, timeout=30)
