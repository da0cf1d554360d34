"""The transactions of IHE-RO TDW-II, told apart in a journal.

Requests only; the numbers are the profile's.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from simulators.tms.journal import Message
from simulators.tms.uids import STUDY_ROOT_MOVE, UPS_PULL

_PERFORMED = "UnifiedProcedureStepPerformedProcedureSequence"
_PROGRESS = "ProcedureStepProgressInformationSequence"


class Transaction(StrEnum):
    """What a treatment delivery device asks of a treatment management system and object store."""

    QUERY = "RO-58"
    RETRIEVE_STATIC = "RO-59"
    CLAIM = "RO-60"
    RETRIEVE_DYNAMIC = "RO-61"
    PROGRESS = "RO-62"
    STORE = "RO-63"
    FINAL_UPDATE = "RO-64"
    FINISH = "RO-65"


def transactions(
    journal: Iterable[Message], ae_title: str = "TMS"
) -> list[tuple[Transaction, Message]]:
    """The requests of a journal that are transactions, in their order.

    ``ae_title`` is the management system's own: what is retrieved from it is dynamic.
    """
    return [
        (transaction, message)
        for message in journal
        if message.direction == "in" and (transaction := _transaction(message, ae_title))
    ]


def _transaction(message: Message, ae_title: str) -> Transaction | None:
    recognise = _BY_REQUEST.get((message.dimse, message.context))
    if message.dimse == "C-STORE-RQ":
        return Transaction.STORE
    return None if recognise is None else recognise(message, ae_title)


def _retrieval(message: Message, ae_title: str) -> Transaction:
    dynamic = message.entity == ae_title
    return Transaction.RETRIEVE_DYNAMIC if dynamic else Transaction.RETRIEVE_STATIC


def _update(message: Message, _: str) -> Transaction | None:
    if _PERFORMED in message.attributes:
        return Transaction.FINAL_UPDATE
    return Transaction.PROGRESS if _PROGRESS in message.attributes else None


def _change(message: Message, _: str) -> Transaction | None:
    if message.attributes.get("ActionTypeID") != "1":
        return None
    wanted = message.attributes.get("ProcedureStepState")
    return Transaction.CLAIM if wanted == "IN PROGRESS" else Transaction.FINISH


_BY_REQUEST: Mapping[tuple[str, str], Callable[[Message, str], Transaction | None]] = {
    ("C-FIND-RQ", UPS_PULL): lambda *_: Transaction.QUERY,
    ("C-MOVE-RQ", STUDY_ROOT_MOVE): _retrieval,
    ("N-SET-RQ", UPS_PULL): _update,
    ("N-ACTION-RQ", UPS_PULL): _change,
}
