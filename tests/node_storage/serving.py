"""The node's own listener, on a port of the loopback interface in place of a path."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import Dataset
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.presentation import PresentationContext

from gateway.adapters.dicomnet import listener as listeners
from gateway.adapters.dicomnet.storage_service import (
    Deliver,
    Judge,
    storage_service,
    verification_service,
)
from gateway.adapters.dicomnet.store_commands import store_command
from gateway.dicom.sop_classes import EXPLICIT_VR_LITTLE_ENDIAN, RT_PLAN, VERIFICATION
from gateway.domain.node import Limits, Node, Peer, Policy
from tests.node_peers.node import unwarned
from tests.node_storage.builders import Stores, stores

TIMEOUT_S = 10
FRAGMENT_BYTES = 2**19
WAITING = 4
POLL_S = 0.001
PEERS = {
    peer.ae_title: peer
    for peer in (
        Peer("ACCEPT", "", 0),
        Peer("REFUSE", "", 0, Policy.REFUSE),
        Peer("APART", "", 0, Policy.QUARANTINE),
        Peer("PLANNER", "", 0, Policy.DELIVER, room="bunker"),
        Peer(
            "PACKED",
            "",
            0,
            transfer_syntaxes=("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.1.99"),
        ),
    )
}
NODE = Node("test", "LINAC", "127.0.0.1", 0, PEERS, limits=Limits(free_disk_bytes=1))


class TcpServer(listeners.UnixServer):
    """Listens on a port that is free."""

    def server_bind(self) -> None:
        """A socket of the base's base."""
        if self.socket is not None:
            self.socket.close()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.bind(("127.0.0.1", 0))
        self.server_address = self.socket.getsockname()


@dataclass(frozen=True)
class Serving:
    """A listener with verification and storage."""

    stores: Stores
    port: int

    @contextmanager
    def association(
        self,
        caller: str = "ACCEPT",
        sop_class: str = RT_PLAN,
        syntaxes: tuple[str, ...] = (EXPLICIT_VR_LITTLE_ENDIAN,),
    ) -> Iterator[Association]:
        """One association with one presentation context, beside that of C-ECHO."""
        entity = AE(caller)
        entity.add_requested_context(VERIFICATION)
        entity.add_requested_context(sop_class, list(syntaxes))
        for timeout in ("acse_timeout", "dimse_timeout", "network_timeout", "connection_timeout"):
            setattr(entity, timeout, TIMEOUT_S)
        opened = entity.associate(
            "127.0.0.1", self.port, ae_title="LINAC", bind_address=("127.0.0.1", 0)
        )
        assert opened.is_established
        assert opened.dul.socket is not None
        connection = opened.dul.socket.socket
        try:
            yield opened
        finally:
            if opened.is_established:
                opened.release()
            opened.join(TIMEOUT_S)
            assert not opened.is_alive()
            if connection is not None:
                connection.close()  # pynetdicom's does not where the peer was quicker


def accepted(opened: Association) -> list[PresentationContext]:
    """Its presentation contexts for storage."""
    return [one for one in opened.accepted_contexts if one.abstract_syntax != VERIFICATION]


def store(
    opened: Association,
    content: bytes | Iterable[bytes],
    uid: str,
    sop_class: str = RT_PLAN,
    command: bytes = b"",
) -> Dataset | None:
    """C-STORE these bytes, whatever they are; the response, None where the association ended."""
    opened._reactor_checkpoint.clear()
    send(opened, 0x03, command or store_command(sop_class, uid, 1))
    fragments = iter(_fragments(content) if isinstance(content, bytes) else content)
    coming = next(fragments)
    for following in fragments:
        send(opened, 0x00, coming)
        coming = following
    send(opened, 0x02, coming)
    return answer(opened)


def _fragments(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), FRAGMENT_BYTES):
        yield content[start : start + FRAGMENT_BYTES]


def answer(opened: Association) -> Dataset | None:
    """The response to what was sent."""
    _, message = opened.dimse.get_msg(block=True)
    opened._reactor_checkpoint.set()
    if message is None:
        return None
    told = Dataset()
    told.Status = message.Status
    for keyword in ("ErrorComment", "OffendingElement"):
        value = getattr(message, keyword)
        if value is not None:
            setattr(told, keyword, value)
    return told


def send(opened: Association, control: int, fragment: bytes) -> None:
    """One P-DATA-TF with one fragment (PS3.8 E.2), when those before are on their way."""
    (context,) = accepted(opened)
    while opened.dul.is_alive() and opened.dul.to_provider_queue.qsize() > WAITING:
        opened.dul.join(POLL_S)
    data = P_DATA()
    data.presentation_data_value_list.append((context.context_id, bytes([control]) + fragment))
    opened.dul.send_pdu(data)


def never_asked(*_: object) -> tuple[()]:
    """Judges nothing: no object should come so far."""
    raise AssertionError("judged before it was stored")


@contextmanager
def serving(
    folder: Path,
    patched: pytest.MonkeyPatch,
    node: Node = NODE,
    judge: Judge = never_asked,
    deliver: Deliver = lambda *_: None,
) -> Iterator[Serving]:
    """Run it until the block ends."""
    patched.setattr(listeners, "UnixServer", TcpServer)
    with unwarned(), stores(folder / "node", node.limits.free_disk_bytes) as held:
        services = (
            verification_service(),
            storage_service(node, held.objects, held.files, judge, deliver),
        )
        running = listeners.Listener(node, services, folder / "socket", held.files.incoming)
        try:
            yield Serving(held, running._server.server_address[1])
        finally:
            running.close()
