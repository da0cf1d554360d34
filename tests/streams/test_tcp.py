"""Byte streams over TCP: what they carry, how they end, and that they never swamp the loop."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.adapters.streams.tcp import READ_AHEAD_BYTES, TcpStream, open_tcp, serve_tcp
from gateway.domain.errors import ConnectFailed, LinkLost
from gateway.ports.stream import ByteStream

SYSTEM_PORTION_BYTES = 1 << 18
"""What asyncio asks a socket for at most (``asyncio.selector_events``)."""
FRAME = bytes(range(256)) * 40_000


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[ByteStream, ByteStream]]:
    """Our end and the other of one connection."""
    accepted: asyncio.Future[ByteStream] = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def handle(stream: ByteStream) -> None:
        accepted.set_result(stream)
        await done.wait()

    server = await serve_tcp("127.0.0.1", 0, handle)
    ours = await open_tcp("127.0.0.1", server.port, 5.0)
    try:
        yield ours, await accepted
    finally:
        done.set()
        await ours.aclose()
        await server.aclose()


async def received(stream: ByteStream, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        data += await stream.receive()
    return bytes(data)


async def test_a_frame_larger_than_every_buffer_arrives_as_it_was_sent() -> None:
    async with pair() as (ours, theirs), asyncio.TaskGroup() as group:
        group.create_task(theirs.send(FRAME))
        assert await received(ours, len(FRAME)) == FRAME


async def test_frames_that_are_sent_at_once_come_one_after_the_other() -> None:
    async with pair() as (ours, theirs), asyncio.TaskGroup() as group:
        for letter in (b"a", b"b"):
            group.create_task(theirs.send(letter * len(FRAME)))
        assert await received(ours, 2 * len(FRAME)) == b"a" * len(FRAME) + b"b" * len(FRAME)


async def test_the_loop_has_turns_while_a_frame_is_sent() -> None:
    turns = 0
    async with pair() as (ours, theirs), asyncio.TaskGroup() as group:
        sending = group.create_task(theirs.send(FRAME))
        reading = group.create_task(received(ours, len(FRAME)))
        while not sending.done():
            turns += 1
            await asyncio.sleep(0)
        assert await reading == FRAME
    assert turns >= len(FRAME) // (1 << 20)


async def test_no_more_is_read_ahead_than_the_bound() -> None:
    async with pair() as (ours, theirs):
        sending = asyncio.create_task(theirs.send(FRAME * 4))
        assert isinstance(ours, TcpStream)
        for _ in range(3000):
            await asyncio.sleep(0)
        assert not sending.done()
        assert READ_AHEAD_BYTES < ours.read_ahead <= READ_AHEAD_BYTES + SYSTEM_PORTION_BYTES
        assert await received(ours, 4 * len(FRAME)) == FRAME * 4
        await sending


async def test_what_was_sent_before_the_end_is_received_and_then_nothing() -> None:
    async with pair() as (ours, theirs):
        await theirs.send(b"last words")
        await theirs.aclose()
        assert await ours.receive() == b"last words"
        assert await ours.receive() == b""
        assert await ours.receive() == b""


async def test_whoever_waits_on_a_stream_that_is_closed_here_is_told() -> None:
    async with pair() as (ours, _):
        waiting = asyncio.create_task(ours.receive())
        await asyncio.sleep(0)
        await ours.aclose()
        with pytest.raises(LinkLost, match="closed"):
            await waiting
        with pytest.raises(LinkLost, match="closed"):
            await ours.send(b"?")


async def test_nobody_listens() -> None:
    server = await serve_tcp("127.0.0.1", 0, lambda stream: stream.aclose())
    await server.aclose()
    with pytest.raises(ConnectFailed, match=str(server.port)):
        await open_tcp("127.0.0.1", server.port, 5.0)


async def test_a_connection_that_was_reset_is_lost() -> None:
    async with pair() as (ours, theirs):
        waiting = asyncio.create_task(ours.receive())
        await asyncio.sleep(0)
        assert isinstance(theirs, TcpStream)
        connection = theirs._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.abort()
        with pytest.raises(LinkLost, match="reset"):
            await waiting
        with pytest.raises(LinkLost, match="reset"):
            await ours.send(b"x")


async def test_a_server_ends_its_connections_and_frees_its_port() -> None:
    ended = asyncio.Event()

    async def handle(stream: ByteStream) -> None:
        try:
            await stream.receive()
        finally:
            ended.set()

    server = await serve_tcp("127.0.0.1", 0, handle)
    ours = await open_tcp("127.0.0.1", server.port, 5.0)
    await server.aclose()
    with contextlib.suppress(LinkLost):  # a reset where the server had not yet taken the call
        assert await ours.receive() == b""
    await ours.aclose()
    again = await serve_tcp("127.0.0.1", server.port, handle)
    assert again.port == server.port
    await again.aclose()


async def test_a_port_that_is_taken_is_named() -> None:
    server = await serve_tcp("127.0.0.1", 0, lambda stream: stream.aclose())
    with pytest.raises(ConnectFailed, match=f"cannot listen on 127.0.0.1:{server.port}"):
        await serve_tcp("127.0.0.1", server.port, lambda stream: stream.aclose())
    await server.aclose()


async def test_nobody_answers_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", never)
    with pytest.raises(ConnectFailed, match=r"did not answer within 0\.01 s"):
        await open_tcp("127.0.0.1", 9, 0.01)
