"""One round of the outbox with one destination: what is due is sent, then asked to be committed."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol
from uuid import uuid4

from gateway.adapters.dicomnet.commitment_client import reply_handler
from gateway.adapters.dicomnet.sending import Link, Outgoing, connect, load, transfer_syntax_of
from gateway.adapters.dicomnet.service import Handler
from gateway.adapters.dicomnet.store_status import Meaning, meaning, status_text
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import OutboxItem, Room, State
from gateway.domain.backoff import backoff_ns
from gateway.domain.errors import ConfigError, InputError, LinkError, ProtocolError
from gateway.domain.node import Node, Peer
from gateway.domain.units import NS_PER_S
from gateway.ports.clock import WallClock

BATCH = 256
"""Objects of one association, and of one request for commitment."""
KINDS = 60
"""Pairs of SOP class and transfer syntax in one association: two contexts each, of at most 128."""

_log = logging.getLogger(__name__)


class Connect(Protocol):
    """Opens a link, as :func:`gateway.adapters.dicomnet.sending.connect`."""

    def __call__(
        self, node: Node, peer: Peer, kinds: Sequence[tuple[str, str]], reply_handler: Handler
    ) -> AbstractContextManager[Link]:
        """See there."""
        ...


def fresh_uid() -> str:
    """A UID that nobody has (PS3.5 B.2)."""
    return f"2.25.{uuid4().int}"


@dataclass
class SendingWork:
    """Works one destination at a time; several threads may, each with another destination.

    ``stopping`` ends a round after the object that is on its way.
    """

    node: Node
    outbox: Outbox
    clock: WallClock
    connect: Connect = connect
    new_uid: Callable[[], str] = fresh_uid
    stopping: threading.Event = field(default_factory=threading.Event)
    links: dict[str, Link] = field(default_factory=dict)

    def work(self, destination: str) -> None:
        """Do what is due with a destination, and keep how each object fared. Raises StoreError."""
        due = self.outbox.due(destination, self.clock.now_ns(), BATCH)
        peer = self.node.peers.get(destination)
        if peer is None:
            self._unreached(destination, "the node's configuration has no such peer")
            return
        kinds = self._kinds(one for one in due if one.state is State.QUEUED)
        offered = list(dict.fromkeys(kinds.values()))[:KINDS]
        queued = [one for one in due if kinds.get(one.item) in offered]
        stored = [one for one in due if one.state is not State.QUEUED]
        if not peer.commitment:
            for one in stored:
                self.outbox.done(one.item, one.reason, self.clock.now_ns())
            stored = []
        if queued or stored:
            self._linked(peer, queued, stored, offered)

    def _kinds(self, queued: Iterator[OutboxItem]) -> dict[int, tuple[str, str]]:
        """SOP class and transfer syntax by item; what cannot be read is parked."""
        kinds = {}
        for one in queued:
            try:
                kinds[one.item] = one.sop_class_uid, transfer_syntax_of(one)
            except InputError as error:
                self._park(one, str(error))
        return kinds

    def _linked(
        self,
        peer: Peer,
        queued: Sequence[OutboxItem],
        stored: Sequence[OutboxItem],
        kinds: Sequence[tuple[str, str]],
    ) -> None:
        taking = reply_handler(self.outbox, self.clock.now_ns)
        progress = _Progress()
        try:
            with self.connect(self.node, peer, kinds, taking) as link:
                self.links[peer.ae_title] = link
                sent = self._send(link, peer, queued, progress)
                self._commit(link, peer, [*stored, *sent], progress)
        except (ConfigError, LinkError, ProtocolError) as error:
            progress.trouble = str(error)
        finally:
            self.links.pop(peer.ae_title, None)
        if progress.made:
            self.outbox.reached(peer.ae_title)
        elif progress.trouble and not self.stopping.is_set():
            self._unreached(peer.ae_title, progress.trouble)

    def _send(
        self, link: Link, peer: Peer, queued: Sequence[OutboxItem], progress: "_Progress"
    ) -> list[OutboxItem]:
        """Send what is queued; what is to be committed now."""
        waiting = []
        with meanwhile() as progress.meanwhile:
            for one, loaded in loaded_ahead(queued):
                if self.stopping.is_set():
                    break
                if isinstance(loaded, InputError):
                    self._park(one, str(loaded))
                elif self._store(link, peer, loaded, progress) and peer.commitment:
                    waiting.append(one)
                if progress.trouble:
                    break
        return waiting

    def _store(self, link: Link, peer: Peer, outgoing: Outgoing, progress: "_Progress") -> bool:
        """Send one object; whether the destination has it now."""
        one, now_ns = outgoing.item, self.clock.now_ns
        try:
            status, comment = link.store(outgoing)
            said = status_text(status, comment)
            what = meaning(status)
            has = what is Meaning.STORED or self._has_already(link, peer, one, what)
        except InputError as error:
            self._park(one, str(error))
            return False
        except (LinkError, ProtocolError) as error:
            self.outbox.failed(one.item, str(error), self._again_ns(one))
            raise
        if has:
            progress.made = True
            keep = self.outbox.sent if peer.commitment else self.outbox.done
            progress.meanwhile(partial(keep, one.item, said, now_ns()))
        elif what is Meaning.AGAIN:
            progress.trouble = f"{peer.ae_title} takes nothing now: {status_text(status)}"
            self.outbox.failed(one.item, said, self._again_ns(one))
        else:
            progress.made = True
            self._park(one, f"refused: {said}")
        return has

    def _has_already(self, link: Link, peer: Peer, one: OutboxItem, what: Meaning) -> bool:
        """Whether a duplicate is this object: commitment will say, or a query does."""
        if what is not Meaning.DUPLICATE:
            return False
        try:
            return peer.commitment or link.holds(one)
        except ProtocolError as error:
            _log.warning("whether outbox item %d is a duplicate is not known: %s", one.item, error)
            return False

    def _commit(
        self, link: Link, peer: Peer, items: Sequence[OutboxItem], progress: "_Progress"
    ) -> None:
        """Ask for what was stored; the transaction is kept before it is asked."""
        if not items or self.stopping.is_set():
            return
        transaction_uid, now_ns = self.new_uid(), self.clock.now_ns()
        answer_by_ns = now_ns + round(self.node.storage_commitment_s * NS_PER_S)
        self.outbox.committing(items, transaction_uid, answer_by_ns)
        try:
            status = link.commit(transaction_uid, items)
            problem = status_text(status)
        except ProtocolError as error:
            problem = str(error)
        except LinkError as error:
            self.outbox.not_asked(transaction_uid, str(error), self._again_ns(items[0]))
            raise
        if problem:
            reason = f"the request to commit it was refused: {problem}"
            self.outbox.not_asked(transaction_uid, reason, self._again_ns(items[0]))
            _log.warning("%s: %s", peer.ae_title, reason)
        else:
            progress.made = True
            if any(one.commitment_uid for one in items):  # some answer where they were asked only
                link.linger(lambda: self._answered(transaction_uid))

    def _answered(self, transaction_uid: str) -> bool:
        return self.stopping.is_set() or not self.outbox.awaits(transaction_uid)

    def _again_ns(self, one: OutboxItem) -> int:
        return self.clock.now_ns() + backoff_ns(one.tries + 1, one.sop_instance_uid)

    def _park(self, one: OutboxItem, reason: str) -> None:
        _log.warning(
            "outbox item %d for %s is parked; 'outbox' says why", one.item, one.destination
        )
        self.outbox.parked(one.item, reason)

    def _unreached(self, destination: str, reason: str) -> None:
        _log.warning("outbox: %s", reason)
        self.outbox.unreached(destination, reason, self.clock.now_ns())


@dataclass
class _Progress:
    """What a round came to: whether anything got further, and what broke it off."""

    made: bool = False
    trouble: str = ""
    meanwhile: Callable[[Callable[[], None]], None] = lambda do: do()


@contextmanager
def meanwhile() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Does what it is given while the next object is sent, one after the other.

    It is done when the next is given, and when the block ends. Raises then what that raised.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="outbox-keep") as keeper:
        pending: list[Future[None]] = []

        def take(do: Callable[[], None]) -> None:
            finish()
            pending.append(keeper.submit(do))

        def finish() -> None:
            while pending:
                pending.pop().result()

        try:
            yield take
        finally:
            finish()


def loaded_ahead(
    items: Sequence[OutboxItem],
) -> Iterator[tuple[OutboxItem, Outgoing | InputError]]:
    """Each item's object, or why it cannot be sent; the next is read while one is used.

    An object is there until the next is asked for.
    """
    rooms = Room(), Room()
    with ThreadPoolExecutor(1, thread_name_prefix="outbox-read") as reader:

        def begun(index: int) -> list[Future[Outgoing | InputError]]:
            room = rooms[index % 2]
            return [reader.submit(_loaded, one, room) for one in items[index : index + 1]]

        following = begun(0)
        for index, one in enumerate(items):
            loaded = following.pop().result()
            following += begun(index + 1)
            yield one, loaded


def _loaded(item: OutboxItem, room: Room) -> Outgoing | InputError:
    try:
        return load(item, room)
    except InputError as error:
        return error
