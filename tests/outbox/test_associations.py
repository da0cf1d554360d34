"""Why an association does not come about, or ends, in words that a person can use."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pynetdicom.association import Association

from gateway.adapters.dicomnet import associate
from gateway.adapters.dicomnet.associate import Requested, answered, association, require_context
from gateway.dicom.sop_classes import RT_IMAGE, STORAGE_COMMITMENT, VERIFICATION
from gateway.domain.errors import ConfigError, ConnectFailed, LinkLost, RemoteProtocolError
from gateway.domain.node import Node, Peer
from tests.orthanc import free_port
from tests.outbox.builders import node
from tests.outbox.network_archive import AE_TITLE, NetworkArchive, network_archive

WANTED = (Requested(RT_IMAGE),)
ABORT = bytes((7, 0, 0, 0, 0, 4, 0, 0, 2, 0))
"""An A-ABORT PDU of the service provider (PS3.8 9.3.8)."""


def peer(port: int, ae_title: str = AE_TITLE) -> Peer:
    return Peer(ae_title, "127.0.0.1", port)


def failure(other: Peer, of: Node | None = None) -> str:
    with pytest.raises(ConnectFailed) as refused, association(of or node(), other, WANTED):
        pass
    return str(refused.value)


@contextmanager
def answering(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A peer that takes one connection, reads the request and behaves."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10.0)


def until_closed(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def test_nobody_listens() -> None:
    port = free_port()
    assert (
        failure(peer(port)) == f"ARCHIVE at 127.0.0.1:{port} cannot be reached: Connection refused"
    )


def test_a_host_that_nobody_knows() -> None:
    assert "unknown host" in failure(Peer("X", "no-such-host.invalid", 104))


def test_it_knows_neither_of_the_two() -> None:
    with network_archive(NetworkArchive(), require_called_aet=True) as port:
        said = failure(peer(port, "ANOTHER"))
        assert "rejected the association permanently: called ae title not recognised" in said
    with network_archive(NetworkArchive(), require_calling_aet=["ANOTHER"]) as port:
        said = failure(peer(port))
        assert "calling ae title not recognised (by its application)" in said


def test_a_rejection_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with network_archive(NetworkArchive(), require_called_aet=True) as port:
        assert "not recognised" in failure(peer(port, "ANOTHER"))
    assert caplog.messages == []


def test_it_has_no_room_for_now() -> None:
    with (
        network_archive(NetworkArchive(), maximum_associations=1) as port,
        association(node(), peer(port), WANTED),
    ):
        assert "rejected the association for now: local limit exceeded" in failure(peer(port))


def test_it_takes_nothing_that_is_offered() -> None:
    with (
        network_archive(NetworkArchive()) as port,
        pytest.raises(ConnectFailed, match="accepts none of the 1 SOP classes asked for"),
        association(node(), peer(port), [Requested("1.2.3.4")]),
    ):
        pass


def test_it_breaks_the_request_off() -> None:
    with answering(lambda connection: connection.sendall(ABORT)) as port:
        assert "broke the association request off" in failure(peer(port))


def test_it_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(associate, "ASSOCIATE_S", 0.2)
    with answering(until_closed) as port:
        assert "did not answer the association request in 0.2 s" in failure(peer(port))


def test_it_answers_garbage() -> None:
    with answering(
        lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    ) as port:
        assert "broke the association request off" in failure(peer(port))


def test_a_peer_that_cannot_be_called() -> None:
    with pytest.raises(ConfigError, match="only calls"), association(node(), peer(0), WANTED):
        pass
    secure = Peer(AE_TITLE, "127.0.0.1", 2762, tls=True)
    with pytest.raises(ConfigError, match="no certificate"), association(node(), secure, WANTED):
        pass


def test_what_one_has_and_another_has_not() -> None:
    with network_archive(NetworkArchive()) as port:
        other = peer(port)
        with association(node(), other, [*WANTED, Requested(VERIFICATION)]) as opened:
            require_context(opened, other, RT_IMAGE, "RT Image Storage")
            with pytest.raises(RemoteProtocolError, match="does not offer Verification"):
                require_context(opened, other, VERIFICATION, "Verification")


def test_it_ends_the_association_meanwhile() -> None:
    with network_archive(NetworkArchive()) as port:
        other = peer(port)
        with pytest.raises(LinkLost, match="ended the association"):
            _echo_into_an_aborted_association(other)


def _echo_into_an_aborted_association(other: Peer) -> None:
    before = threading.enumerate()  # another association may be at its end
    with association(node(), other, [Requested(STORAGE_COMMITMENT)]) as opened:
        new = [one for one in threading.enumerate() if one not in before]
        (there,) = (one for one in new if one.name.startswith("AcceptorThread"))
        assert isinstance(there, Association)
        there.abort()
        opened.join(10.0)
        answered(other, opened.send_c_echo(), "a C-ECHO")


def test_nobody_waits_for_a_thread_that_was_told_to_end_in_the_middle_of_a_round() -> None:
    """As another thread's abort tells it; every request waits for it to pause, without a bound."""
    with (
        network_archive(NetworkArchive()) as port,
        association(node(), peer(port), WANTED) as opened,
    ):
        opened._kill = True
        opened.join(10.0)
        assert opened._is_paused


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = threading.active_count()
    with network_archive(NetworkArchive()) as port:
        with association(node(), peer(port), WANTED):
            pass
        with pytest.raises(KeyError), association(node(), peer(port), WANTED):
            raise KeyError
        failure(peer(free_port()))
    assert threading.active_count() == before
