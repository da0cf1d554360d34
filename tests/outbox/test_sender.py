"""The sender as it runs: destinations side by side, woken by new rows, stopped in bounded time."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.dicomnet import associate
from gateway.adapters.dicomnet.sending import Link, Outgoing
from gateway.adapters.dicomnet.service import Handler
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import State
from gateway.app.node import sender
from gateway.app.node.sender import run_sender
from gateway.domain.errors import Blocked, LinkLost
from gateway.domain.node import Node, Peer
from tests.outbox.archives import Archive
from tests.outbox.builders import ARCHIVE, START_NS, node, objects
from tests.outbox.network_archive import NetworkArchive, network_archive

LIMIT_S = 20.0
POLL_S = 0.01
SLOW, QUICK = "SLOW", "QUICK"
BOTH = tuple(Peer(name, "127.0.0.1", 104, commitment=False) for name in (SLOW, QUICK))


class Stuck(Archive):
    """Takes an object and never answers, until it is aborted."""

    def __init__(self) -> None:
        super().__init__(SLOW)
        self.taken = threading.Event()
        self.aborted = threading.Event()

    def store(self, outgoing: Outgoing) -> tuple[int, str]:
        self.taken.set()
        assert self.aborted.wait(LIMIT_S)
        raise LinkLost("SLOW gave no answer to a C-STORE")

    def abort(self) -> None:
        self.aborted.set()


@pytest.fixture
def outbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outbox]:
    monkeypatch.setattr(sender, "POLL_S", 0.01)
    monkeypatch.setattr(sender, "GRACE_S", 0.1)
    database = NodeDatabase(tmp_path / "node")
    yield Outbox(database)
    database.close()


def connecting(archives: dict[str, Archive]) -> Callable[..., object]:
    """One archive for each AE title."""

    @contextmanager
    def connect(
        of: Node, peer: Peer, kinds: Sequence[tuple[str, str]], reply_handler: Handler
    ) -> Iterator[Link]:
        with archives[peer.ae_title].connect(of, peer, kinds, reply_handler) as link:
            yield link

    return connect


@asynccontextmanager
async def running(outbox: Outbox, archives: dict[str, Archive]) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(
        run_sender(node(*BOTH), outbox, SystemClock(), stop, connecting(archives))  # type: ignore[arg-type]  # a Connect
    )
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, LIMIT_S)


async def until(holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(_until, holds)


def _until(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(POLL_S)


def states(outbox: Outbox, destination: str) -> set[State]:
    return {row.state for row in outbox.rows() if row.destination == destination}


async def test_one_that_is_stuck_holds_up_nobody(outbox: Outbox, tmp_path: Path) -> None:
    stuck, quick = Stuck(), Archive(QUICK)
    made = await asyncio.to_thread(objects, tmp_path / "files", 5)
    await asyncio.to_thread(outbox.queue, SLOW, made, START_NS)
    async with running(outbox, {SLOW: stuck, QUICK: quick}):
        await until(stuck.taken.is_set)
        for some in (made[:3], made[3:]):
            await asyncio.to_thread(outbox.queue, QUICK, some, START_NS)
            await until(lambda: states(outbox, QUICK) == {State.DONE})
        assert quick.arrivals.total() == 5
        assert not stuck.aborted.is_set()
    assert stuck.aborted.is_set()
    assert await asyncio.to_thread(states, outbox, SLOW) == {State.QUEUED}


async def test_two_do_not_work_one_outbox(outbox: Outbox) -> None:
    async with running(outbox, {}):
        with pytest.raises(Blocked, match="the node is running"):
            await _second(outbox)


async def _second(outbox: Outbox) -> None:
    await until(lambda: _held(outbox))
    await run_sender(node(*BOTH), outbox, SystemClock(), asyncio.Event(), Archive().connect)


def _held(outbox: Outbox) -> bool:
    try:
        with outbox.sole_sender():
            return False
    except Blocked:
        return True


async def test_a_peer_that_says_nothing_is_given_up(
    outbox: Outbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listener that takes connections and never reads: the association request is in vain."""
    monkeypatch.setattr(associate, "ASSOCIATE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = Peer(SLOW, "127.0.0.1", server.getsockname()[1])
        made = await asyncio.to_thread(objects, tmp_path / "files", 1)
        await asyncio.to_thread(outbox.queue, SLOW, made, START_NS)
        stop = asyncio.Event()
        task = asyncio.create_task(run_sender(node(peer), outbox, SystemClock(), stop))
        await until(lambda: SLOW in outbox.destinations())
        stop.set()
        await asyncio.wait_for(task, LIMIT_S)
    held = await asyncio.to_thread(outbox.destinations)
    assert "did not answer" in held[SLOW].reason
    assert await asyncio.to_thread(states, outbox, SLOW) == {State.QUEUED}


def test_the_end_does_not_wait_for_an_answer_that_does_not_come(
    outbox: Outbox, tmp_path: Path
) -> None:
    """The peer has the object, and keeps its answer to itself."""
    archive, asked, over = NetworkArchive(), threading.Event(), threading.Event()

    def silent(_uid: str) -> int:
        asked.set()
        assert over.wait(2 * LIMIT_S)
        return 0

    archive.status = silent
    outbox.queue(ARCHIVE, objects(tmp_path / "files", 1), START_NS)
    with network_archive(archive) as port:
        try:
            asyncio.run(_stopped_once(asked, outbox, Peer(ARCHIVE, "127.0.0.1", port)))
        finally:
            over.set()
    assert states(outbox, ARCHIVE) == {State.QUEUED}


async def _stopped_once(asked: threading.Event, outbox: Outbox, peer: Peer) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(run_sender(node(peer), outbox, SystemClock(), stop))
    await until(asked.is_set)
    stop.set()
    await asyncio.wait((task,), timeout=LIMIT_S)
    assert task.done()
    await task
