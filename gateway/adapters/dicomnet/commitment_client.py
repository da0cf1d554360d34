"""Storage Commitment Push as SCU: asking, and taking the answer (PS3.4 annex J)."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydicom import Dataset
from pynetdicom import evt
from pynetdicom.association import Association

from gateway.adapters.dicomnet.identifiers import attributes_of
from gateway.adapters.dicomnet.service import Context, Handler, Service
from gateway.adapters.nodestore.matching import Attributes, values
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import CommitmentAnswer, NotCommitted, OutboxItem
from gateway.dicom.sop_classes import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from gateway.domain.errors import InputError, StoreError

REQUEST_COMMITMENT = 1
EVENT_TYPES = (1, 2)
"""All committed; some not (PS3.4 J.3.3.1.1)."""
SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110
NO_SUCH_EVENT = 0x0113
INVALID_ARGUMENT = 0x0115
TRANSACTION_UID = "00081195"
REFERENCED_SOP_SEQUENCE = "00081199"
FAILED_SOP_SEQUENCE = "00081198"
FAILURE_REASON = "00081197"
REFERENCED_SOP_INSTANCE_UID = "00081155"
FAILURES: Mapping[int, NotCommitted] = {
    0x0110: NotCommitted("processing failure (0x0110)", final=False),
    0x0112: NotCommitted("no such object there (0x0112)", final=False),
    0x0119: NotCommitted("kept there with another SOP class (0x0119)", final=True),
    0x0122: NotCommitted("its SOP class is not committed there (0x0122)", final=True),
    0x0131: NotCommitted("transaction UID used before (0x0131)", final=False),
    0x0213: NotCommitted("out of resources (0x0213)", final=False),
}
"""Failure reasons of PS3.3 C.14.1.1."""

_log = logging.getLogger(__name__)


def ask_commitment(
    opened: Association, transaction_uid: str, items: Sequence[OutboxItem]
) -> Dataset:
    """Ask the peer of an association to commit objects; the status of its response."""
    request = Dataset()
    request.TransactionUID = transaction_uid
    request.ReferencedSOPSequence = [_reference(one) for one in items]
    status, _ = opened.send_n_action(
        request, REQUEST_COMMITMENT, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
    )
    return status


def commitment_reply_service(outbox: Outbox, now_ns: Callable[[], int] = time.time_ns) -> Service:
    """Takes the answers of destinations, whichever association they come in."""
    context = Context(STORAGE_COMMITMENT, requestor_scp=True)
    handlers: dict[tuple[str, str], Handler] = {
        ("N-EVENT-REPORT", STORAGE_COMMITMENT): reply_handler(outbox, now_ns)
    }
    return Service("storage commitment replies", (context,), handlers)


def reply_handler(outbox: Outbox, now_ns: Callable[[], int]) -> Handler:
    """Handles an N-EVENT-REPORT: success is answered when what it says is kept."""

    def take(event: evt.Event) -> tuple[int, None]:
        return _taken(event, outbox, now_ns()), None

    return take


def answer_of(attributes: Attributes, destination: str) -> CommitmentAnswer:
    """The answer in an event's information (PS3.4 table J.3-2). Raises InputError."""
    return CommitmentAnswer(
        transaction_uid=_text(attributes, TRANSACTION_UID),
        destination=destination,
        succeeded=frozenset(
            _text(item, REFERENCED_SOP_INSTANCE_UID)
            for item in values(attributes.get(REFERENCED_SOP_SEQUENCE, {}))
        ),
        failed={
            _text(item, REFERENCED_SOP_INSTANCE_UID): _failure(item)
            for item in values(attributes.get(FAILED_SOP_SEQUENCE, {}))
        },
    )


def _taken(event: evt.Event, outbox: Outbox, now_ns: int) -> int:
    if event.event_type not in EVENT_TYPES:
        return NO_SUCH_EVENT
    opened = event.assoc
    sender = opened.acceptor if opened.is_requestor else opened.requestor
    destination = str(sender.ae_title).strip()
    try:
        answer = answer_of(attributes_of(lambda: event.event_information), destination)
        known = outbox.committed(answer, now_ns)
    except InputError as error:
        _log.warning("an unusable commitment report of %s: %s", destination, error)
        return INVALID_ARGUMENT
    except StoreError as error:
        _log.error("a commitment report of %s cannot be kept: %s", destination, error)
        return PROCESSING_FAILURE
    if not known:
        _log.warning("%s reports on a commitment that it was not asked for", destination)
        return INVALID_ARGUMENT
    return SUCCESS


def _reference(one: OutboxItem) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = one.sop_class_uid
    reference.ReferencedSOPInstanceUID = one.sop_instance_uid
    return reference


def _failure(item: Attributes) -> NotCommitted:
    found = list(values(item.get(FAILURE_REASON, {})))
    code = _code(found[0]) if found else 0
    return FAILURES.get(code, NotCommitted(f"failure reason 0x{code:04X}", final=False))


def _code(value: Any) -> int:
    if isinstance(value, int):
        return value
    raise InputError("(0008,1197) is no number")


def _text(attributes: Attributes, tag: str) -> str:
    found = list(values(attributes.get(tag, {})))
    if len(found) != 1 or not isinstance(found[0], str) or not found[0]:
        raise InputError(f"({tag[:4]},{tag[4:]}) does not have one value")
    return found[0]
