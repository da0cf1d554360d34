"""The outbox for people and for the node: what is queued, how it fares, trying again."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from gateway.adapters.nodestore.database import DATABASE, NodeDatabase
from gateway.adapters.nodestore.files import ObjectFiles
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import OPEN, OutboxItem, OutgoingObject, State
from gateway.app.node.sending_work import SendingWork
from gateway.app.records import utc
from gateway.dicom.part10 import file_meta
from gateway.domain.errors import ConfigError, InputError
from gateway.domain.node import Node
from gateway.ports.clock import WallClock
from gateway.settings import Settings

NODE_FOLDER = "node"
OUTGOING = "outgoing"
RESULTS = ("image_beam_*.dcm", "treatment_record.dcm")
VERDICT = "verdict.dcm"

Conceal = Callable[[bytes], bytes]
"""Takes the identity out of a DICOM file, for peers that are to be sent pseudonyms."""


class Deliveries(Protocol):
    """What is asked of a record store; :class:`gateway.ports.store.RecordReader` is one."""

    def directory(self, delivery_id: str) -> Path:
        """The folder that keeps a delivery's files."""
        ...


class DeliveryQueue:
    """Queues what deliveries came to.

    ``root`` is the node's folder, where files are kept that were made to be sent.
    """

    def __init__(self, node: Node, outbox: Outbox, root: Path, clock: WallClock) -> None:
        self._node = node
        self._outbox = outbox
        self._clock = clock
        self._files = ObjectFiles(root / OUTGOING)

    def queue_delivery(self, store: Deliveries, delivery_id: str, conceal: Conceal) -> int:
        """Queue a delivery's images and record for the node's destinations; how many were new.

        Raises StoreError, InputError, and ConfigError for a destination that is no peer.
        """
        files = _files(store.directory(delivery_id), RESULTS)
        return sum(self._queue(name, files, conceal) for name in self._node.destinations)

    def queue_answer(
        self, store: Deliveries, delivery_id: str, requester: str, conceal: Conceal
    ) -> int:
        """Queue a delivery's images, record and verdict for the peer that asked for it."""
        files = _files(store.directory(delivery_id), (*RESULTS, VERDICT))
        return self._queue(requester, files, conceal)

    def _queue(self, destination: str, files: Sequence[Path], conceal: Conceal) -> int:
        peer = self._node.peers.get(destination)
        if peer is None:
            raise ConfigError(f"destination {destination} is no peer of node {self._node.name}")
        objects = []
        for path in files:
            content = _content(path)
            if peer.pseudonymise:
                content = conceal(content)
                path = self._files.file((content,)).path  # noqa: PLW2901 - the file to send
            objects.append(outgoing_object(path, content))
        return self._outbox.queue(destination, objects, self._clock.now_ns())


def outgoing_object(path: Path, content: bytes) -> OutgoingObject:
    """What to queue for a DICOM file with this content. Raises InputError where it is none."""
    meta = file_meta(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return OutgoingObject(meta.sop_class_uid, meta.sop_instance_uid, path, sha256, len(content))


@contextmanager
def opened_outbox(settings: Settings) -> Iterator[Outbox]:
    """The outbox of the node beside a record store, closed with the block. Raises StoreError."""
    database = NodeDatabase(settings.store / NODE_FOLDER)
    try:
        yield Outbox(database)
    finally:
        database.close()


def list_outbox(settings: Settings, now_ns: int) -> list[dict[str, Any]]:
    """A row for each object that was ever queued, oldest first; empty where there is no node."""
    if not (settings.store / NODE_FOLDER / DATABASE).exists():
        return []
    with opened_outbox(settings) as outbox:
        held = {name: one.reason for name, one in outbox.destinations().items()}
        return [_row(one, held.get(one.destination, ""), now_ns) for one in outbox.rows()]


def retry_items(settings: Settings, items: Sequence[int], now_ns: int) -> None:
    """Try items again, parked ones too. Raises InputError for one that there is no sense in."""
    if not items:
        return
    with opened_outbox(settings) as outbox:
        for item in items:
            outbox.retry(item, now_ns)


def send_now(settings: Settings, node: Node, clock: WallClock) -> bool:
    """Work the outbox until nothing is left to do now; whether every object has arrived.

    Raises StoreError, and Blocked where the node's own sender is at work: it does the same then.
    """
    with opened_outbox(settings) as outbox:
        outbox.hurry(clock.now_ns())
        work = SendingWork(node, outbox, clock)
        with outbox.sole_sender():
            for destination in _due(outbox, clock):
                work.work(destination)
        return all(one.state is State.DONE for one in outbox.rows())


def _due(outbox: Outbox, clock: WallClock) -> Iterator[str]:
    while due := outbox.due_destinations(clock.now_ns()):
        yield from due


def _files(folder: Path, patterns: Sequence[str]) -> list[Path]:
    return [path for pattern in patterns for path in sorted(folder.glob(pattern))]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def _row(one: OutboxItem, held: str, now_ns: int) -> dict[str, Any]:
    ended_ns = one.done_ns or now_ns
    return {
        "item": one.item,
        "destination": one.destination,
        "state": one.state.value,
        "sop_class_uid": one.sop_class_uid,
        "sop_instance_uid": one.sop_instance_uid,
        "size_bytes": one.size_bytes,
        "tries": one.tries,
        "queued": utc(one.queued_ns),
        "age_s": round((ended_ns - one.queued_ns) / 1e9, 1),
        "reason": held if one.state in OPEN and held else one.reason,
    }
