"""An archive without a network: what it takes, keeps and says is decided by the test."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from gateway.adapters.dicomnet.commitment_client import FAILURES
from gateway.adapters.dicomnet.sending import Link, Outgoing
from gateway.adapters.dicomnet.service import Handler
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import CommitmentAnswer, OutboxItem
from gateway.domain.errors import ConnectFailed, LinkLost
from gateway.domain.node import Node, Peer

SUCCESS = 0x0000
DUPLICATE = 0x0111
OUT_OF_RESOURCES = 0xA700
NO_SUCH_OBJECT = 0x0112


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Archive:
    """Keeps data sets by SOP Instance UID, and how often each came.

    ``down`` refuses connections; ``status`` answers each C-STORE; ``loses`` says which objects it
    loses after storing them; ``takes_no_twice`` answers a known UID with 0x0111; ``at`` is called
    with the name of everything that happens, and may raise.
    """

    ae_title: str = "ARCHIVE"
    down: bool = False
    status: Callable[[str], int] = lambda _: SUCCESS
    loses: Callable[[str], bool] = lambda _: False
    takes_no_twice: bool = False
    commit_status: int = SUCCESS
    at: Callable[[str], None] = lambda _: None
    kept: dict[str, bytes] = field(default_factory=dict)
    contents: dict[str, set[bytes]] = field(default_factory=dict)
    arrivals: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    @contextmanager
    def connect(
        self, node: Node, peer: Peer, kinds: Sequence[tuple[str, str]], reply_handler: Handler
    ) -> Iterator[Link]:
        """A link, as the sender opens it."""
        self.connections += 1
        if self.down:
            raise ConnectFailed(f"{peer.ae_title} cannot be reached: Connection refused")
        self.at("connected")
        yield self
        self.at("released")

    def store(self, outgoing: Outgoing) -> tuple[int, str]:
        uid = outgoing.item.sop_instance_uid
        self.at("before store")
        if self.takes_no_twice and uid in self.kept:
            return DUPLICATE, ""
        status = self.status(uid)
        if status == SUCCESS:
            content = bytes(outgoing.data_set)
            self.arrivals[uid] += 1
            self.contents.setdefault(uid, set()).add(content)
            if not self.loses(uid):
                self.kept[uid] = content
        self.at("after store")
        return status, ""

    def holds(self, item: OutboxItem) -> bool:
        return item.sop_instance_uid in self.kept

    def commit(self, transaction_uid: str, items: Sequence[OutboxItem]) -> int:
        self.at("before commit")
        if self.commit_status == SUCCESS:
            self.asked.append((transaction_uid, tuple(one.sop_instance_uid for one in items)))
        self.at("after commit")
        return self.commit_status

    def linger(self, until: Callable[[], bool]) -> None:
        self.at("lingering")

    def abort(self) -> None:
        raise LinkLost("aborted")

    def answers(self) -> list[CommitmentAnswer]:
        """What it has to say to everything it was asked, and has not answered yet."""
        said = [self.answer(transaction, uids) for transaction, uids in self.asked]
        self.asked.clear()
        return said

    def answer(self, transaction_uid: str, uids: Sequence[str]) -> CommitmentAnswer:
        held = frozenset(uid for uid in uids if uid in self.kept)
        missing = {uid: FAILURES[NO_SUCH_OBJECT] for uid in uids if uid not in held}
        return CommitmentAnswer(transaction_uid, self.ae_title, held, missing)

    def report(self, outbox: Outbox, now_ns: int) -> None:
        """Answer everything."""
        for answer in self.answers():
            outbox.committed(answer, now_ns)
