"""C-FIND SCP over the node's objects: patient root and study root (PS3.4 C.4.1)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydicom import Dataset
from pynetdicom import evt

from gateway.adapters.dicomnet.identifiers import character_set_of, dataset_of, identifier_of
from gateway.adapters.dicomnet.service import Context, Handler, Service
from gateway.adapters.dicomnet.statuses import (
    CANCEL,
    IDENTIFIER_DOES_NOT_MATCH,
    MATCH_LIMIT_REACHED,
    PENDING,
    PENDING_UNSUPPORTED_KEYS,
    UNABLE_TO_PROCESS,
    failure,
    refusal,
)
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.matching import Attributes
from gateway.adapters.nodestore.queries import Query, found, query_of
from gateway.adapters.nodestore.query_keys import (
    PATIENT_ROOT,
    QUERY_RETRIEVE_LEVEL,
    RETRIEVE_AE_TITLE,
    STUDY_ROOT,
    Level,
)
from gateway.dicom.sop_classes import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from gateway.domain.errors import InputError, RemoteProtocolError, StoreError
from gateway.domain.node import Node

MODELS: Mapping[str, Sequence[Level]] = {
    PATIENT_ROOT_FIND: PATIENT_ROOT,
    STUDY_ROOT_FIND: STUDY_ROOT,
}
MATCH_LIMIT = 10_000
"""Answers to one query; there are more where the last status is 0xB001."""

Answer = tuple[int | Dataset, Dataset | None]


def query_service(node: Node, database: NodeDatabase, match_limit: int = MATCH_LIMIT) -> Service:
    """Answers queries from ``database``; at most ``match_limit`` matches each."""
    contexts = tuple(Context(uid) for uid in MODELS)
    handlers = {
        ("C-FIND", uid): _handler(node, database, levels, match_limit)
        for uid, levels in MODELS.items()
    }
    return Service("query", contexts, handlers)


def _handler(
    node: Node, database: NodeDatabase, levels: Sequence[Level], match_limit: int
) -> Handler:
    def answer(event: evt.Event) -> Iterator[Answer]:
        refused = refusal(node, event)
        if refused is not None:
            yield refused, None
            return
        try:
            identifier = identifier_of(event)
            query = query_of(levels, identifier)
            yield from _answers(event, database, query, identifier, match_limit)
        except InputError as error:
            yield failure(UNABLE_TO_PROCESS, error), None
        except RemoteProtocolError as error:
            yield failure(IDENTIFIER_DOES_NOT_MATCH, error), None
        except StoreError:
            yield failure(UNABLE_TO_PROCESS, "the node's database cannot be read"), None

    return answer


def _answers(
    event: evt.Event,
    database: NodeDatabase,
    query: Query,
    identifier: Attributes,
    match_limit: int,
) -> Iterator[Answer]:
    pending = PENDING_UNSUPPORTED_KEYS if query.unsupported else PENDING
    asked_in = character_set_of(identifier)
    own: dict[str, Any] = {
        QUERY_RETRIEVE_LEVEL: {"vr": "CS", "Value": [query.level.value]},
        RETRIEVE_AE_TITLE: {"vr": "AE", "Value": [str(event.assoc.ae.ae_title)]},
    }
    for number, attributes in enumerate(found(database, query)):
        if event.is_cancelled:
            yield CANCEL, None
            return
        if number == match_limit:
            yield failure(MATCH_LIMIT_REACHED, f"more than {match_limit} match"), None
            return
        yield pending, dataset_of({**attributes, **own}, asked_in)
