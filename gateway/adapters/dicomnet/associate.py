"""Associations that this node opens, and what their failures mean in words (PS3.8)."""

import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from pydicom import Dataset
from pynetdicom import build_context, build_role, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import A_ABORT, A_ASSOCIATE, A_P_ABORT

from gateway.adapters.dicomnet.client_provider import ClientEntity
from gateway.adapters.dicomnet.client_socket import ClientSocket
from gateway.adapters.dicomnet.client_tls import client_context, connection_failure
from gateway.adapters.dicomnet.service import Handler
from gateway.dicom.sop_classes import UNCOMPRESSED
from gateway.domain.errors import ConfigError, ConnectFailed, LinkLost, RemoteProtocolError
from gateway.domain.node import Node, Peer

PDU_BYTES = 128 * 2**10
"""The longest P-DATA that the peer may send; what it takes is its own to say (PS3.8 D.1)."""
CONNECT_S = 10.0
ASSOCIATE_S = 30.0
STALL_S = 30.0
END_S = 5.0
REJECTIONS = {1: "permanently", 2: "for now"}
SOURCES = {
    1: "its application",
    2: "its association control",
    3: "its presentation layer",
}
CONTEXT_RESULTS = {
    1: "refused by its application",
    2: "refused without a reason",
    3: "SOP class not supported",
    4: "transfer syntaxes not supported",
}
"""PS3.8 9.3.4 (results and sources of a rejection) and 9.3.3.2 (results of contexts)."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Requested:
    """A presentation context to ask for.

    ``scp`` takes the SCP role in it: this side answers requests of the peer (sub-operations of
    C-GET), or reports events of its own (PS3.7 D.3.3.4).
    """

    sop_class_uid: str
    transfer_syntaxes: tuple[str, ...] = UNCOMPRESSED
    scp: bool = False


@contextmanager
def association(
    node: Node,
    peer: Peer,
    contexts: Sequence[Requested],
    handlers: Sequence[tuple[evt.EventType, Handler]] = (),
    reply_s: float = 60.0,
) -> Iterator[Association]:
    """An association with ``peer``, released when the block ends and aborted when it raises.

    ``handlers`` answer what the peer sends in it; ``reply_s`` bounds the wait for each response.
    It blocks: never for a thread that runs an event loop. Raises ConfigError where the peer
    cannot be called, ConnectFailed where no association came about, and LinkLost out of a block
    that uses one which has ended.
    """
    tls_args = _tls(node, peer)
    told: list[Any] = []
    entity = _entity(node, peer, reply_s)
    opened = _open(entity, peer, contexts, tls_args, (*handlers, (evt.EVT_ACSE_RECV, told.append)))
    try:
        if not opened.is_established:
            raise ConnectFailed(f"{who(peer)} {_why_not(opened, contexts, told)}")
        yield opened
        opened.release()
    except RuntimeError as error:  # pynetdicom's word for an association that has ended
        if opened.is_established:
            raise
        raise LinkLost(f"{who(peer)} ended the association") from error
    finally:
        _end(opened)


def who(peer: Peer) -> str:
    """The peer in words."""
    return f"{peer.ae_title} at {peer.host}:{peer.port}"


def answered(peer: Peer, status: Dataset, request: str) -> int:
    """The status of a response to ``request``. Raises LinkLost where there was no response."""
    code = status.get("Status")
    if code is None:
        raise LinkLost(f"{who(peer)} gave no answer to {request}")
    return int(code)


def require_context(opened: Association, peer: Peer, sop_class_uid: str, name: str) -> None:
    """Raises RemoteProtocolError where the peer did not accept a SOP class."""
    if all(context.abstract_syntax != sop_class_uid for context in opened.accepted_contexts):
        raise RemoteProtocolError(f"{who(peer)} does not offer {name}")


def _tls(node: Node, peer: Peer) -> tuple[Any, str] | None:
    if not peer.port:
        raise ConfigError(f"peer {peer.ae_title} has no port: it only calls, and cannot be called")
    if not peer.tls:
        return None
    if node.tls is None:
        raise ConfigError(f"peer {peer.ae_title} wants TLS, and the node has no certificate")
    return client_context(node.tls), peer.host


def _entity(node: Node, peer: Peer, reply_s: float) -> ClientEntity:
    entity = ClientEntity(node.ae_title, peer.certificate_name, STALL_S)
    entity.connection_timeout = CONNECT_S
    entity.acse_timeout = ASSOCIATE_S
    entity.dimse_timeout = reply_s
    entity.network_timeout = None  # how long it stays open is the caller's affair
    return entity


def _open(
    entity: ClientEntity,
    peer: Peer,
    contexts: Sequence[Requested],
    tls_args: tuple[Any, str] | None,
    handlers: Sequence[tuple[evt.EventType, Any]],
) -> Association:
    roles: list[Any] = [build_role(one.sop_class_uid, scp_role=True) for one in contexts if one.scp]
    try:
        return entity.associate(
            peer.host,
            peer.port,
            [build_context(one.sop_class_uid, list(one.transfer_syntaxes)) for one in contexts],
            peer.ae_title,
            PDU_BYTES,
            roles,
            tls_args=tls_args,
            evt_handlers=list(handlers),
        )
    except socket.gaierror as error:
        raise ConnectFailed(f"{who(peer)}: unknown host: {error.strerror}") from error


def _why_not(opened: Association, contexts: Sequence[Requested], told: list[Any]) -> str:
    failure = _transport(opened).failure
    if failure is not None:
        return f"cannot be reached: {connection_failure(failure)}"
    # what came so soon that pynetdicom took it for a failed connection waits in its queue
    response = told[-1].primitive if told else opened.dul.peek_next_pdu()
    if isinstance(response, A_ASSOCIATE) and response.result in REJECTIONS:
        return _rejection(response)
    if opened.rejected_contexts and not opened.accepted_contexts:
        results = {context.result for context in opened.rejected_contexts}
        words = sorted(CONTEXT_RESULTS.get(result or 0, str(result)) for result in results)
        return f"accepts none of the {len(contexts)} SOP classes asked for: {', '.join(words)}"
    if isinstance(response, A_ABORT | A_P_ABORT):
        return "broke the association request off"
    return f"did not answer the association request in {ASSOCIATE_S:g} s"


def _transport(opened: Association) -> ClientSocket:
    return cast("ClientSocket", opened.dul.socket)


def _rejection(response: Any) -> str:
    how = REJECTIONS[response.result]
    source = SOURCES.get(response.result_source, f"source {response.result_source}")
    return f"rejected the association {how}: {response.reason_str.lower()} (by {source})"


def _end(opened: Association) -> None:
    """Nothing of an association outlives its block: no connection, and no thread."""
    if opened.is_established:
        opened.abort()
    for thread in (opened, opened.dul):
        if thread.is_alive():
            thread.join(END_S)
    _transport(opened).dispose()
    if opened.dul.is_alive():
        _log.warning("a connection to %s does not end", opened.acceptor.ae_title)
