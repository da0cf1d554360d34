"""Storage Commitment Push SCP: the request is kept, its outcome reported later (PS3.4 annex J)."""

import logging
import re
import time
from collections.abc import Callable, Sequence

from pydicom import Dataset
from pynetdicom import evt

from gateway.adapters.dicomnet.associate import Requested, answered, association, who
from gateway.adapters.dicomnet.identifiers import attributes_of
from gateway.adapters.dicomnet.service import Context, Handler, Service
from gateway.adapters.dicomnet.statuses import (
    INVALID_ARGUMENT,
    NO_SUCH_ACTION,
    NO_SUCH_INSTANCE,
    PROCESSING_FAILURE,
    RESOURCE_LIMITATION,
    SUCCESS,
    failure,
)
from gateway.adapters.nodestore.commitments import Commitment, Commitments, Reference
from gateway.adapters.nodestore.custody import inspected
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.files import ObjectFiles
from gateway.adapters.nodestore.matching import Attributes, values
from gateway.dicom.sop_classes import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from gateway.domain.errors import (
    ConfigError,
    InputError,
    LinkError,
    RemoteProtocolError,
    StoreError,
)
from gateway.domain.node import Node, Peer

REQUEST_COMMITMENT = 1
SUCCESSFUL, FAILURES_EXIST = 1, 2
"""The action type, and the event types (PS3.4 J.3.2, J.3.3)."""
REFERENCE_LIMIT = 10_000
WAITING_LIMIT = 1_000
TRANSACTION_UID = "00081195"
REFERENCED_SOP_SEQUENCE = "00081199"
REFERENCED_SOP_CLASS_UID = "00081150"
REFERENCED_SOP_INSTANCE_UID = "00081155"

Reply = tuple[int | Dataset, Dataset | None]

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_log = logging.getLogger(__name__)


def commitment_service(
    node: Node, commitments: Commitments, now_ns: Callable[[], int] = time.time_ns
) -> Service:
    """Takes requests of peers that can be called back; :func:`answer_pending` answers them."""

    def answer(event: evt.Event) -> Reply:
        return _kept(event, node, commitments, now_ns())

    handlers: dict[tuple[str, str], Handler] = {("N-ACTION", STORAGE_COMMITMENT): answer}
    contexts = (Context(STORAGE_COMMITMENT, requestor_scp=True),)
    return Service("storage commitment", contexts, handlers)


def answer_pending(
    node: Node, commitments: Commitments, database: NodeDatabase, files: ObjectFiles, now_ns: int
) -> int:
    """Tell requesters the outcome of what is due by ``now_ns``; how many were told.

    Those that could not be told are tried again later. Blocks for as long as peers take. Raises
    StoreError.
    """
    told = 0
    for commitment in commitments.due(now_ns):
        outcome = [inspected(database, files, one) for one in commitment.references]
        try:
            _report(node, commitment, outcome)
        except (ConfigError, LinkError, RemoteProtocolError) as error:
            _log.warning("storage commitment %s: %s", commitment.transaction_uid, error)
            commitments.postpone(commitment, now_ns)
        else:
            commitments.answered(commitment)
            told += 1
    return told


def _kept(event: evt.Event, node: Node, commitments: Commitments, now_ns: int) -> Reply:
    requester = str(event.assoc.requestor.ae_title).strip()
    refusal = _refusal(event, node.peers.get(requester))
    if refusal is not None:
        return refusal, None
    try:
        transaction_uid, references = _request(attributes_of(lambda: event.action_information))
        if len(references) > REFERENCE_LIMIT or commitments.waiting(requester) >= WAITING_LIMIT:
            return failure(RESOURCE_LIMITATION, "more than is kept at a time"), None
        commitments.ask(transaction_uid, requester, references, now_ns)
    except InputError as error:
        return failure(INVALID_ARGUMENT, error), None
    except StoreError:
        return failure(PROCESSING_FAILURE, "the node's database cannot be written"), None
    return SUCCESS, None


def _refusal(event: evt.Event, peer: Peer | None) -> Dataset | None:
    if event.action_type != REQUEST_COMMITMENT:
        return failure(NO_SUCH_ACTION, "action type 1 requests storage commitment")
    instance = getattr(event.request, "RequestedSOPInstanceUID", None)
    if instance != STORAGE_COMMITMENT_INSTANCE:
        return failure(NO_SUCH_INSTANCE, "not the well-known instance")
    if peer is None or not peer.port:
        return failure(PROCESSING_FAILURE, "no address is configured to report to")
    return None


def _request(attributes: Attributes) -> tuple[str, list[Reference]]:
    references = [
        Reference(_uid(item, REFERENCED_SOP_CLASS_UID), _uid(item, REFERENCED_SOP_INSTANCE_UID))
        for item in values(attributes.get(REFERENCED_SOP_SEQUENCE, {}))
    ]
    if not references:
        raise InputError("no objects are referenced")
    return _uid(attributes, TRANSACTION_UID), references


def _uid(attributes: Attributes, tag: str) -> str:
    found = list(values(attributes.get(tag, {})))
    if len(found) != 1 or len(str(found[0])) > 64 or not _UID.fullmatch(str(found[0])):
        raise InputError(f"({tag[:4]},{tag[4:]}) is not one UID")
    return str(found[0])


def _report(node: Node, commitment: Commitment, outcome: Sequence[Reference]) -> None:
    peer = node.peers.get(commitment.requester)
    if peer is None:
        raise ConfigError(f"{commitment.requester} is no longer a configured peer")
    wanted = [Requested(STORAGE_COMMITMENT, scp=True)]
    with association(node, peer, wanted) as opened:
        if not any(context.as_scp for context in opened.accepted_contexts):
            raise RemoteProtocolError(f"{who(peer)} does not let this node report events")
        failed = any(one.failure_reason for one in outcome)
        status, _ = opened.send_n_event_report(
            _event(node, commitment, outcome),
            FAILURES_EXIST if failed else SUCCESSFUL,
            STORAGE_COMMITMENT,
            STORAGE_COMMITMENT_INSTANCE,
        )
        _require_success(peer, answered(peer, status, "an N-EVENT-REPORT"))


def _require_success(peer: Peer, status: int) -> None:
    if status != SUCCESS:
        raise RemoteProtocolError(f"{who(peer)} answered the report with 0x{status:04X}")


def _event(node: Node, commitment: Commitment, outcome: Sequence[Reference]) -> Dataset:
    event = Dataset()
    event.TransactionUID = commitment.transaction_uid
    event.RetrieveAETitle = node.ae_title
    committed = [_item(one) for one in outcome if not one.failure_reason]
    failed = [_item(one) for one in outcome if one.failure_reason]
    if committed:
        event.ReferencedSOPSequence = committed
    if failed:
        event.FailedSOPSequence = failed
    return event


def _item(reference: Reference) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = reference.sop_class_uid
    item.ReferencedSOPInstanceUID = reference.sop_instance_uid
    if reference.failure_reason:
        item.FailureReason = reference.failure_reason
    return item
