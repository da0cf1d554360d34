"""C-MOVE and C-GET SCP over the node's objects (PS3.4 C.4.2, C.4.3).

pynetdicom keeps the counters and the responses. What it would send is a dataset that it encodes
anew; here it sends the file's bytes, as they were received.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pynetdicom import evt
from pynetdicom.association import Association

from gateway.adapters.dicomnet.associate import Requested, association
from gateway.adapters.dicomnet.handover import Destination
from gateway.adapters.dicomnet.identifiers import identifier_of
from gateway.adapters.dicomnet.service import Context, Handler, Service
from gateway.adapters.dicomnet.statuses import (
    CANCEL,
    IDENTIFIER_DOES_NOT_MATCH,
    NOT_AUTHORISED,
    OUT_OF_RESOURCES,
    PENDING,
    UNABLE_TO_PERFORM,
    UNABLE_TO_PROCESS,
    failure,
    refusal,
)
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.files import ObjectFiles
from gateway.adapters.nodestore.queries import StoredInstance, instances, retrieval_of
from gateway.adapters.nodestore.query_keys import PATIENT_ROOT, STUDY_ROOT, Level
from gateway.dicom.sop_classes import (
    PATIENT_ROOT_GET,
    PATIENT_ROOT_MOVE,
    STORAGE,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
    UNCOMPRESSED,
)
from gateway.dicom.transcoding import transcoded
from gateway.domain.errors import (
    ConfigError,
    InputError,
    LinkError,
    RemoteProtocolError,
    StoreError,
)
from gateway.domain.node import Node, Peer

MOVE_MODELS: Mapping[str, Sequence[Level]] = {
    PATIENT_ROOT_MOVE: PATIENT_ROOT,
    STUDY_ROOT_MOVE: STUDY_ROOT,
}
GET_MODELS: Mapping[str, Sequence[Level]] = {
    PATIENT_ROOT_GET: PATIENT_ROOT,
    STUDY_ROOT_GET: STUDY_ROOT,
}
SUB_OPERATION_LIMIT = 65_535
"""Counters of sub-operations have 16 bits (PS3.7 E.1)."""
CONTEXT_LIMIT = 128
"""PS3.8 9.3.2.2: their numbers are odd and have 8 bits."""
NOWHERE = (Destination("", Dataset), 0)

Transcode = Callable[[Path, str], AbstractContextManager[Path | Dataset]]
"""An object in another transfer syntax, for as long as it is sent. Raises InputError."""

Step = Any
"""What pynetdicom takes of a handler: a destination, a number, or a status and a dataset."""


def in_this_process(path: Path, transfer_syntax_uid: str) -> AbstractContextManager[Dataset]:
    """Decodes here: for objects whose sender is trusted."""
    return nullcontext(transcoded(path, transfer_syntax_uid))


@dataclass(frozen=True, slots=True)
class _Held:
    """The files of the node's objects, and how they are turned into another syntax."""

    files: ObjectFiles
    transcode: Transcode

    def source(
        self, opened: Association, stored: StoredInstance
    ) -> AbstractContextManager[Path | Dataset]:
        """The file where its transfer syntax was accepted, else what it is in one that was.

        Raises InputError where none was that it can be turned into.
        """
        accepted = [
            str(context.transfer_syntax[0])
            for context in opened.accepted_contexts
            if context.abstract_syntax == stored.sop_class_uid and context.as_scu
        ]
        path = self.files.path(stored.sha256)
        if stored.transfer_syntax_uid in accepted:
            return nullcontext(path)
        for syntax in UNCOMPRESSED:
            if syntax in accepted:
                return self.transcode(path, syntax)
        raise InputError("the peer accepted no transfer syntax of this object")


def retrieve_service(
    node: Node,
    database: NodeDatabase,
    files: ObjectFiles,
    transcode: Transcode = in_this_process,
) -> Service:
    """Sends objects to the node's peers (C-MOVE), and to whoever asks for them (C-GET)."""
    held = _Held(files, transcode)
    storage = tuple(Context(row.uid, UNCOMPRESSED, requestor_scp=True) for row in STORAGE)
    models = tuple(Context(uid) for uid in (*MOVE_MODELS, *GET_MODELS))
    handlers: dict[tuple[str, str], Handler] = {}
    for uid, levels in MOVE_MODELS.items():
        handlers["C-MOVE", uid] = _move_handler(node, database, held, levels)
    for uid, levels in GET_MODELS.items():
        handlers["C-GET", uid] = _get_handler(node, database, held, levels)
    return Service("retrieve", models + storage, handlers)


def _get_handler(
    node: Node, database: NodeDatabase, held: _Held, levels: Sequence[Level]
) -> Handler:
    def answer(event: evt.Event) -> Iterator[Step]:
        wanted = _wanted(event, node, database, levels)
        if isinstance(wanted, Dataset):
            yield from (1, (wanted, None))
            return
        opened: Association = event.assoc
        opened.send_c_store = _file_sender(opened, held, wanted)  # type: ignore[method-assign]  # undone below
        try:
            yield len(wanted)
            yield from _sub_operations(event, wanted)
        finally:
            del opened.send_c_store  # the method again

    return answer


def _move_handler(
    node: Node, database: NodeDatabase, held: _Held, levels: Sequence[Level]
) -> Handler:
    def answer(event: evt.Event) -> Iterator[Step]:
        peer = node.peers.get(str(event.move_destination).strip())
        if peer is None or not peer.port:
            yield None, None  # answered with 0xA801
            return
        wanted = _wanted(event, node, database, levels)
        if peer.pseudonymise:
            wanted = failure(NOT_AUTHORISED, "objects leave for it under pseudonyms only")
        if isinstance(wanted, Dataset):
            yield from _refused(wanted)
        elif not wanted:
            yield from (NOWHERE, 0)
        else:
            yield from _moved(event, node, peer, held, wanted)

    return answer


def _moved(
    event: evt.Event, node: Node, peer: Peer, held: _Held, wanted: Sequence[StoredInstance]
) -> Iterator[Step]:
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(association(node, peer, contexts_of(wanted)))
        except (LinkError, ConfigError) as error:
            yield from _refused(failure(UNABLE_TO_PERFORM, error))
            return
        originator = str(event.assoc.requestor.ae_title)
        yield Destination(originator, _file_sender(opened, held, wanted), opened), 0
        yield len(wanted)
        yield from _sub_operations(event, wanted)


def _refused(status: Dataset) -> Iterator[Step]:
    """A status before anything is sent: pynetdicom takes one only after a destination."""
    yield from (NOWHERE, 1, (status, None))


def contexts_of(wanted: Sequence[StoredInstance]) -> list[Requested]:
    """Contexts to propose: each SOP class as its objects are stored, and uncompressed."""
    pairs = dict.fromkeys((one.sop_class_uid, (one.transfer_syntax_uid,)) for one in wanted)
    plain = dict.fromkeys((uid, UNCOMPRESSED) for uid, _ in pairs)
    return [Requested(uid, syntaxes) for uid, syntaxes in (*pairs, *plain)][:CONTEXT_LIMIT]


def _wanted(
    event: evt.Event, node: Node, database: NodeDatabase, levels: Sequence[Level]
) -> list[StoredInstance] | Dataset:
    """The objects that a request is about, or the status that refuses it."""
    refused = refusal(node, event)
    if refused is not None:
        return refused
    try:
        wanted = list(instances(database, retrieval_of(levels, identifier_of(event))))
    except RemoteProtocolError as error:
        return failure(IDENTIFIER_DOES_NOT_MATCH, error)
    except InputError as error:
        return failure(UNABLE_TO_PROCESS, error)
    except StoreError:
        return failure(OUT_OF_RESOURCES, "the node's database cannot be read")
    if len(wanted) > SUB_OPERATION_LIMIT:
        return failure(OUT_OF_RESOURCES, f"more than {SUB_OPERATION_LIMIT} objects")
    return wanted


def _sub_operations(event: evt.Event, wanted: Sequence[StoredInstance]) -> Iterator[Step]:
    for one in wanted:
        if event.is_cancelled:
            yield CANCEL, None
            return
        named = Dataset()
        named.SOPInstanceUID = one.sop_instance_uid
        yield PENDING, named


def _file_sender(
    opened: Association, held: _Held, wanted: Sequence[StoredInstance]
) -> Callable[..., Dataset]:
    """As the association's ``send_c_store``, with the file of the object that a dataset names."""
    by_uid = {one.sop_instance_uid: one for one in wanted}
    send: Callable[..., Dataset] = opened.send_c_store

    def send_file(named: Dataset, **given: Any) -> Dataset:
        stored = by_uid[str(named.SOPInstanceUID)]
        with held.source(opened, stored) as source:
            return send(source, **given)

    return send_file
