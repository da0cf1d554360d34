"""TLS towards peers: who is believed, and why another is not."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pynetdicom import AE
from pynetdicom.sop_class import Verification

from gateway.adapters.dicomnet.associate import Requested, association
from gateway.adapters.dicomnet.client_tls import client_context
from gateway.dicom.sop_classes import VERIFICATION
from gateway.domain.errors import ConfigError, ConnectFailed
from gateway.domain.node import Node, Peer, Tls
from tests.outbox.builders import node
from tests.outbox.certificates import Authority, authority
from tests.outbox.network_archive import NetworkArchive, network_archive

LIMIT_S = 10.0
POLL_S = 0.05


@pytest.fixture
def signed(tmp_path: Path) -> Authority:
    return authority(tmp_path)


@contextmanager
def server(tls: Tls, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> Iterator[int]:
    """pynetdicom's own, over TLS; wants a certificate of the same authorities."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(tls.certificate, tls.key)
    context.load_verify_locations(tls.authorities)
    entity = AE(ae_title="ARCHIVE")
    entity.add_supported_context(Verification)
    running = entity.make_server(("127.0.0.1", 0), ssl_context=context)
    entity._servers.append(running)
    thread = threading.Thread(target=running.serve_forever, args=(POLL_S,))
    thread.start()
    try:
        yield running.server_address[1]
    finally:
        running.shutdown()
        thread.join(LIMIT_S)


def secured(tls: Tls) -> Node:
    return replace(node(), tls=tls)


def echo(of: Node, port: int, name: str = "") -> int:
    peer = Peer("ARCHIVE", "127.0.0.1", port, tls=True, certificate_name=name)
    with association(of, peer, [Requested(VERIFICATION)]) as opened:
        return int(opened.send_c_echo().Status)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("name", ["", "archive", "archive.test"])
def test_both_show_what_their_authority_signed(
    signed: Authority, version: ssl.TLSVersion, name: str
) -> None:
    with server(signed.tls("archive"), version) as port:
        assert echo(secured(signed.tls("node")), port, name) == 0x0000


@pytest.mark.parametrize(
    ("days", "why"), [((-2, -1), "certificate has expired"), ((1, 2), "not yet valid")]
)
def test_a_certificate_out_of_its_time(signed: Authority, days: tuple[int, int], why: str) -> None:
    with server(signed.tls("archive", days)) as port, pytest.raises(ConnectFailed, match=why):
        echo(secured(signed.tls("node")), port)


def test_a_certificate_of_another(signed: Authority) -> None:
    wrong = "cannot be reached: TLS: its certificate is of archive, archive.test, not of somebody"
    with server(signed.tls("archive")) as port, pytest.raises(ConnectFailed, match=wrong):
        echo(secured(signed.tls("node")), port, "somebody")


def test_an_authority_that_nobody_trusts(signed: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = authority(tmp_path / "other", "other")
    unknown = "TLS: self-signed certificate in certificate chain"
    with server(other.tls("archive")) as port, pytest.raises(ConnectFailed, match=unknown):
        echo(secured(signed.tls("node")), port)


def test_a_server_without_tls_is_not_talked_to(signed: Authority) -> None:
    with (
        network_archive(NetworkArchive()) as port,
        pytest.raises(ConnectFailed, match="cannot be reached"),
    ):
        echo(secured(signed.tls("node")), port)


def test_old_versions_and_weak_ciphers_are_not_offered(signed: Authority) -> None:
    context = client_context(signed.tls("node"))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    ciphers = [one for one in context.get_ciphers() if one["protocol"] == "TLSv1.2"]
    assert ciphers
    assert all(one["aead"] and one["kea"] == "kx-ecdhe" for one in ciphers)


def test_files_that_are_none_are_named(signed: Authority, tmp_path: Path) -> None:
    tls = signed.tls("node")
    with pytest.raises(ConfigError, match=r"missing\.crt.*No such file"):
        client_context(replace(tls, certificate=tmp_path / "missing.crt"))
    tls.key.write_text("no key")
    with pytest.raises(ConfigError, match="cannot be used"):
        client_context(tls)
