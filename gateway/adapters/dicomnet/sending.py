"""Objects of the outbox to one destination, over one association."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from pydicom import Dataset, dcmread
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dsutils import encode

from gateway.adapters.dicomnet.associate import (
    Requested,
    answered,
    association,
    require_context,
    who,
)
from gateway.adapters.dicomnet.commitment_client import ask_commitment
from gateway.adapters.dicomnet.raw_store import RawStore
from gateway.adapters.dicomnet.service import Handler
from gateway.adapters.nodestore.outbox_items import OutboxItem, Room, pinned_content
from gateway.dicom.high_throughput import can_compress, compressed
from gateway.dicom.part10 import HEAD_BYTES, file_meta
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import (
    HTJ2K_LOSSLESS,
    STORAGE_BY_UID,
    STORAGE_COMMITMENT,
    STUDY_ROOT_FIND,
    UNCOMPRESSED,
)
from gateway.dicom.transcoding import transcoded
from gateway.domain.errors import InputError, LinkLost, RemoteProtocolError
from gateway.domain.node import Node, Peer

REPLY_S = 120.0
SLOWEST_BYTES_PER_S = 100e3
"""A response may come so late: the time for the object on a slow line, and then some."""
LINGER_S = 10.0
LINGER_POLL_S = 0.1
PENDING = (0xFF00, 0xFF01)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An object in memory: its data set in the transfer syntax of its file."""

    item: OutboxItem
    transfer_syntax_uid: str
    data_set: memoryview


class Link(Protocol):
    """A destination that answers. Every method raises LinkLost and RemoteProtocolError."""

    def store(self, outgoing: Outgoing) -> tuple[int, str]:
        """The status and comment of its C-STORE response.

        Raises InputError where the destination takes no transfer syntax that the object has or
        could be written in.
        """
        ...

    def holds(self, item: OutboxItem) -> bool:
        """Whether a query finds the object there, with its SOP class, series and study."""
        ...

    def commit(self, transaction_uid: str, items: Sequence[OutboxItem]) -> int:
        """The status with which it takes a request for commitment."""
        ...

    def linger(self, until: Callable[[], bool]) -> None:
        """Stay for what the peer has to say in the same association, for a bounded time."""
        ...

    def abort(self) -> None:
        """Break off whatever is going on, from another thread."""
        ...


def transfer_syntax_of(item: OutboxItem) -> str:
    """What the item's file is encoded in. Raises InputError where it cannot be read."""
    try:
        with item.path.open("rb", buffering=0) as file:
            return file_meta(file.read(HEAD_BYTES)).transfer_syntax_uid
    except OSError as error:
        raise InputError(f"its file cannot be read: {error.strerror}") from error


def load(item: OutboxItem, room: Room | None = None) -> Outgoing:
    """The object of an item, in ``room`` or memory of its own.

    Raises InputError where it is not what was queued.
    """
    content = pinned_content(item, room or Room())
    meta = file_meta(bytes(content[:HEAD_BYTES]))
    if (meta.sop_class_uid, meta.sop_instance_uid) != (item.sop_class_uid, item.sop_instance_uid):
        raise InputError("its file holds another object than was queued")
    return Outgoing(item, meta.transfer_syntax_uid, content[meta.offset :])


@contextmanager
def connect(
    node: Node,
    peer: Peer,
    kinds: Sequence[tuple[str, str]],
    reply_handler: Handler,
) -> Iterator[Link]:
    """A link to ``peer`` for objects of these kinds: (SOP class, transfer syntax).

    ``reply_handler`` takes an answer to a request for commitment, should it come in the same
    association. It blocks. Raises ConnectFailed and ConfigError.
    """
    handlers = [(evt.EVT_N_EVENT_REPORT, reply_handler)]
    with association(node, peer, contexts_of(kinds, peer), handlers, REPLY_S) as opened:
        yield AssociationLink(peer, opened)


def contexts_of(kinds: Iterable[tuple[str, str]], peer: Peer) -> list[Requested]:
    """What to ask for: each kind as it is, and another transfer syntax for what is uncompressed.

    Images also in HTJ2K, where the peer is configured for it.
    Then the service that says whether the peer keeps what it stored.
    """
    contexts: dict[tuple[str, tuple[str, ...]], Requested] = {}
    for sop_class_uid, syntax in kinds:
        wanted: list[tuple[str, ...]] = [(syntax,)]
        if syntax in UNCOMPRESSED:
            wanted.append(tuple(one for one in UNCOMPRESSED if one != syntax))
            if _compresses(sop_class_uid, peer):
                wanted.append((HTJ2K_LOSSLESS,))
        for syntaxes in wanted:
            contexts.setdefault((sop_class_uid, syntaxes), Requested(sop_class_uid, syntaxes))
    other = STORAGE_COMMITMENT if peer.commitment else STUDY_ROOT_FIND
    return [*contexts.values(), Requested(other)]


def _compresses(sop_class_uid: str, peer: Peer) -> bool:
    known = STORAGE_BY_UID.get(sop_class_uid)
    if HTJ2K_LOSSLESS not in peer.transfer_syntaxes or known is None or not known.pixels:
        return False
    if not can_compress():
        _log.warning("%s: images go uncompressed: the extra 'codecs' is not installed", who(peer))
    return can_compress()


class AssociationLink:
    """A :class:`Link` over an association."""

    def __init__(self, peer: Peer, opened: Association) -> None:
        self._peer = peer
        self._opened = opened
        self._raw = RawStore(opened)

    def store(self, outgoing: Outgoing) -> tuple[int, str]:
        """See the protocol."""
        item = outgoing.item
        accepted = self._accepted(item.sop_class_uid)
        syntax, data_set = _encoded(outgoing, accepted)
        self._opened.dimse_timeout = REPLY_S + len(data_set) / SLOWEST_BYTES_PER_S
        answer = self._raw.store(
            accepted[syntax], item.sop_class_uid, item.sop_instance_uid, data_set
        )
        if answer is None:
            raise LinkLost(f"{who(self._peer)} gave no answer to a C-STORE")
        return answer

    def holds(self, item: OutboxItem) -> bool:
        """See the protocol."""
        require_context(self._opened, self._peer, STUDY_ROOT_FIND, "queries (Study Root - FIND)")
        found = False
        for status, match in self._opened.send_c_find(_query(item), STUDY_ROOT_FIND):
            code = answered(self._peer, status, "a C-FIND")
            if code in PENDING and match is not None:
                found = found or str(match.get("SOPInstanceUID", "")) == item.sop_instance_uid
            elif code:
                raise RemoteProtocolError(f"{who(self._peer)} answered a C-FIND with 0x{code:04X}")
        return found

    def commit(self, transaction_uid: str, items: Sequence[OutboxItem]) -> int:
        """See the protocol."""
        require_context(self._opened, self._peer, STORAGE_COMMITMENT, "Storage Commitment")
        status = ask_commitment(self._opened, transaction_uid, items)
        return answered(self._peer, status, "an N-ACTION")

    def linger(self, until: Callable[[], bool]) -> None:
        """See the protocol."""
        end_s = time.monotonic() + LINGER_S
        while self._opened.is_established and time.monotonic() < end_s and not until():
            time.sleep(LINGER_POLL_S)

    def abort(self) -> None:
        """See the protocol."""
        self._opened.abort()
        self._opened.dimse.msg_queue.put((None, None))  # who waits for an answer goes on

    def _accepted(self, sop_class_uid: str) -> Mapping[str, int]:
        """Context IDs by the transfer syntax that was agreed on."""
        return {
            str(context.transfer_syntax[0]): cast("int", context.context_id)
            for context in reversed(self._opened.accepted_contexts)
            if context.abstract_syntax == sop_class_uid and context.as_scu
        }


def _encoded(outgoing: Outgoing, accepted: Mapping[str, int]) -> tuple[str, memoryview]:
    """The transfer syntax to send in, and the data set: compressed where that is taken."""
    own, path = outgoing.transfer_syntax_uid, outgoing.item.path
    if HTJ2K_LOSSLESS in accepted and own in UNCOMPRESSED:
        try:
            return HTJ2K_LOSSLESS, memoryview(encoded_in(path, HTJ2K_LOSSLESS))
        except InputError as problem:
            _log.info("%s goes uncompressed: %s", outgoing.item.sop_instance_uid, problem)
    syntax = _chosen(own, accepted)
    return syntax, outgoing.data_set if syntax == own else memoryview(encoded_in(path, syntax))


def _chosen(syntax: str, accepted: Mapping[str, int]) -> str:
    """The transfer syntax to send in: the object's own where that is accepted."""
    if syntax in accepted:
        return syntax
    others = [one for one in UNCOMPRESSED if one in accepted] if syntax in UNCOMPRESSED else []
    if not others:
        shown = ", ".join(sorted(accepted)) or "nothing of its SOP class"
        raise InputError(f"the destination accepts {shown}, and the object is in {syntax}")
    return others[0]


def encoded_in(path: Path, transfer_syntax_uid: str) -> bytes:
    """A file's data set in another uncompressed transfer syntax, or in HTJ2K. Raises InputError."""
    if transfer_syntax_uid == HTJ2K_LOSSLESS:
        dataset = compressed(path)
    else:
        dataset = transcoded(path, transfer_syntax_uid)
    syntax = UID(transfer_syntax_uid)
    with quietly():
        content = encode(dataset, syntax.is_implicit_VR, syntax.is_little_endian)
    if content is None:
        raise InputError(f"the object cannot be written in {syntax.name}")
    return content


def _query(item: OutboxItem) -> Dataset:
    """Every key from the image up to its study (PS3.4 C.6.2), of the object's own file."""
    wanted = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"]
    try:
        with quietly():
            found = dcmread(item.path, stop_before_pixels=True, specific_tags=wanted)
            query = Dataset()
            for keyword in wanted:
                setattr(query, keyword, str(found.get(keyword, "")))
    except READING_ERRORS as error:
        raise InputError("its study and series cannot be read from its file") from error
    query.QueryRetrieveLevel = "IMAGE"
    return query
