"""Senders that are killed: forked, one after the other, by a process that has imported all.

A line of JSON on standard input starts one, a line on standard output says how it ended.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.adapters.dicomnet.sending import Link, Outgoing, connect
from gateway.adapters.dicomnet.service import Handler
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import OPEN, OutboxItem
from gateway.app.node import sender
from gateway.app.node.sender import run_sender
from gateway.domain.node import Node, Peer
from tests.outbox.builders import ARCHIVE, node

SPEED = 100
POLL_S = 0.02
ANSWER_S = 60.0
"""Of the clock that runs ``SPEED`` times as fast as the world's."""
WRITES = ("sent", "committing", "reached")
CALLS = ("connect", "store", "commit", "release")
POINTS = tuple(f"{when} {what}" for what in (*WRITES, *CALLS) for when in ("before", "after"))

At = Callable[[str], None]


@dataclass(frozen=True)
class FastClock:
    """The same in every process that knows when it began."""

    began_ns: int

    def now_ns(self) -> int:
        return self.began_ns + SPEED * (time.time_ns() - self.began_ns)


def archive_node(port: int) -> Node:
    return node(Peer(ARCHIVE, "127.0.0.1", port), storage_commitment_s=ANSWER_S)


def killer(point: str, times: int) -> At:
    """Kills this process when it comes to a point for the n-th time."""
    left = [times]

    def at(what: str) -> None:
        left[0] -= what == point
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return at


class KilledOutbox(Outbox):
    """An outbox whose process may be killed before and after every write."""

    def __init__(self, database: NodeDatabase, at: At) -> None:
        super().__init__(database)
        for name in WRITES:
            setattr(self, name, _told(getattr(self, name), name, at))


def _told(method: Callable[..., Any], name: str, at: At) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        at(f"before {name}")
        result = method(*arguments)
        at(f"after {name}")
        return result

    return call


class KilledLink:
    """A link whose process may be killed before and after every request."""

    def __init__(self, link: Link, at: At) -> None:
        self._link = link
        self._at = at

    def store(self, outgoing: Outgoing) -> tuple[int, str]:
        stored: tuple[int, str] = _told(self._link.store, "store", self._at)(outgoing)
        return stored

    def commit(self, transaction_uid: str, items: Sequence[OutboxItem]) -> int:
        status: int = _told(self._link.commit, "commit", self._at)(transaction_uid, items)
        return status

    def holds(self, item: OutboxItem) -> bool:
        return self._link.holds(item)

    def linger(self, until: Callable[[], bool]) -> None:
        self._link.linger(until)

    def abort(self) -> None:
        self._link.abort()


async def send(root: Path, port: int, began_ns: int, at: At) -> None:
    """Run the sender until everything has arrived."""

    @contextmanager
    def link(
        of: Node, peer: Peer, kinds: Sequence[tuple[str, str]], reply_handler: Handler
    ) -> Iterator[Link]:
        at("before connect")
        with connect(of, peer, kinds, reply_handler) as opened:
            at("after connect")
            yield KilledLink(opened, at)
            at("before release")
        at("after release")

    outbox, stop = KilledOutbox(NodeDatabase(root), at), asyncio.Event()
    sending = asyncio.create_task(
        run_sender(archive_node(port), outbox, FastClock(began_ns), stop, link)
    )
    while not sending.done() and await asyncio.to_thread(_anything_open, outbox):
        await asyncio.wait((sending,), timeout=POLL_S)
    stop.set()
    await sending


def _anything_open(outbox: Outbox) -> bool:
    return any(row.state in OPEN for row in outbox.rows())


def run_one(order: dict[str, Any]) -> str:
    """Fork a sender; how it ended."""
    child = os.fork()
    if not child:
        at = killer(order["point"], order["times"])
        asyncio.run(send(Path(order["root"]), order["port"], order["began_ns"], at))
        os._exit(0)
    if order["kill_after_s"] is not None:
        time.sleep(order["kill_after_s"])
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return "killed" if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"


if __name__ == "__main__":
    sender.POLL_S = POLL_S
    for line in sys.stdin:
        sys.stdout.write(run_one(json.loads(line)) + "\n")
        sys.stdout.flush()
