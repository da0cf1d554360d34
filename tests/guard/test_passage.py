"""Long fragments go by unread: whole, in order, nobody else's, and judged where they begin."""

import asyncio
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.adapters.guard import passage as passages
from gateway.adapters.guard.guard import Guard
from gateway.adapters.guard.passage import PASSAGE_BYTES, Passage
from gateway.domain.node import Node
from tests.guard.guarded import node
from tests.guard.wire import answer, associate, data, ended, pdu, received

ACCEPTED, ABORTED = 2, 7
WAIT_S = 60
LIMITS = replace(node().limits, message_bytes=2**30, body_s=WAIT_S, idle_s=WAIT_S)
GENEROUS = node(limits=LIMITS)
RANDOM = random.Random(7)
LENGTHS = (100, 200_000, 31_000, 250_000, 1, 120_000, 40_000)
STREAM = b"".join(
    data(1, control, RANDOM.randbytes(length)) for length in LENGTHS * 6 for control in (0, 2)
)


@pytest.fixture
def passage() -> Iterator[Passage]:
    with closing(Passage()) as made:
        yield made


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(0.0)
        there.settimeout(0.0)
        yield here, there


def test_what_comes_goes_by(passage: Passage) -> None:
    with pair() as (client, source), pair() as (target, worker):
        client.send(b"abcdef")
        assert passage.move(source.fileno(), target.fileno(), 4) == (4, b"")
        assert worker.recv(100) == b"abcd"
        assert passage.move(source.fileno(), target.fileno(), 4) == (2, b"")
        assert passage.move(source.fileno(), target.fileno(), 4) == (0, b"")
        client.close()
        assert passage.move(source.fileno(), target.fileno(), 4) == (0, b"")
        assert worker.recv(100) == b"ef"


@pytest.mark.parametrize("gone", [False, True])
def test_what_is_not_taken_is_given_back_and_is_nobody_elses(passage: Passage, gone: bool) -> None:
    sent = RANDOM.randbytes(3 * PASSAGE_BYTES)
    with pair() as (client, source), pair() as (target, worker):
        if gone:
            worker.close()
        at, taken, left = 0, 0, b""
        while not left:
            at += client.send(sent[at : at + 10_000])
            moved, left = passage.move(source.fileno(), target.fileno(), PASSAGE_BYTES)
            taken += moved
        assert taken == at
        if not gone:
            worker.settimeout(WAIT_S)
            assert received(worker, at - len(left)) + left == sent[:at]
    with pair() as (client, source), pair() as (target, worker):
        client.send(b"another's")
        assert passage.move(source.fileno(), target.fileno(), 100) == (9, b"")
        assert worker.recv(100) == b"another's"


@contextmanager
def relayed(made: Node, folder: Path) -> Iterator[tuple[int, socket.socket]]:
    """The port of a guard, and where its worker listens."""
    loop, stop, ready = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    ports: list[int] = []

    async def serve() -> None:
        guard = Guard(made, [folder / "worker"], lambda _event: None)
        ports.append(await guard.start())
        ready.set()
        await stop.wait()
        await guard.aclose()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "worker"))
        listener.listen()
        listener.settimeout(WAIT_S)
        thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
        thread.start()
        try:
            assert ready.wait(WAIT_S)
            yield ports[0], listener
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(WAIT_S)
            loop.close()


@contextmanager
def accepted(port: int, listener: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client that was let in, and its worker's end."""
    with socket.create_connection(("127.0.0.1", port), WAIT_S) as client:
        client.sendall(associate())
        worker, _ = listener.accept()
        with worker:
            worker.settimeout(WAIT_S)
            received(worker, len(associate()))
            worker.sendall(pdu(ACCEPTED, bytes(68)))
            assert answer(client)[0] == ACCEPTED
            yield client, worker


def send_slowly(client: socket.socket, stream: bytes, portion: int) -> threading.Thread:
    def send() -> None:
        with suppress(OSError):  # it was cut off
            for at in range(0, len(stream), portion):
                client.sendall(stream[at : at + portion])

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.mark.parametrize("splice", [True, False])
@pytest.mark.parametrize("portion", [len(STREAM), 131_078, 10_007])
def test_every_byte_arrives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, portion: int, splice: bool
) -> None:
    monkeypatch.setattr(passages, "AVAILABLE", splice)
    with (
        relayed(GENEROUS, tmp_path) as (port, listener),
        accepted(port, listener) as (client, worker),
        accepted(port, listener) as (another, workers_other),
    ):
        sending = [send_slowly(one, STREAM, portion) for one in (client, another)]
        assert received(worker, len(STREAM)) == STREAM
        assert received(workers_other, len(STREAM)) == STREAM
        for one in sending:
            one.join(WAIT_S)


def test_what_is_not_allowed_behind_a_long_fragment_is_not_handed_on(tmp_path: Path) -> None:
    allowed = b"".join(data(1, 0, RANDOM.randbytes(200_000)) for _ in range(5))
    with (
        relayed(GENEROUS, tmp_path) as (port, listener),
        accepted(port, listener) as (client, worker),
    ):
        sending = send_slowly(client, allowed + data(3, 0, b"not proposed" * 20_000), 10_007)
        got = b""
        while part := worker.recv(2**16):
            got += part
        assert allowed.startswith(got)
        assert len(got) > len(allowed) - 2**18
        assert answer(client)[0] == ABORTED
        sending.join(WAIT_S)


def test_a_worker_that_ends_in_a_long_fragment_ends_the_association(tmp_path: Path) -> None:
    with (
        relayed(GENEROUS, tmp_path) as (port, listener),
        accepted(port, listener) as (client, worker),
    ):
        client.sendall(data(1, 0, bytes(250_000))[:100_000])
        received(worker, 100_000)
        worker.close()
        assert ended(client)
