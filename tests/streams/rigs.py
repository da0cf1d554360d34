"""Pairs of stream ends over every transport."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from gateway.adapters.streams.memory import memory_pair
from gateway.adapters.streams.pty import PtyStream, open_pty
from gateway.adapters.streams.serial import open_serial
from gateway.adapters.streams.tcp import open_tcp, serve_tcp
from gateway.ports.stream import ByteStream

BAUD = 115_200
CONNECT_S = 5.0
Ends = tuple[ByteStream, ByteStream]
"""The stream under test and its other end."""


@dataclass(frozen=True)
class Rig:
    """``ends``: whether the transport tells one side that the other has closed.

    ``capacity``: more bytes than fit between the two ends while nobody receives. A pseudo terminal
    is a line: its master never learns that a program has left.
    """

    name: str
    pair: Callable[[], AbstractAsyncContextManager[Ends]]
    tells_end: bool = True
    has_eof: bool = True
    capacity: int = 24 << 20


@asynccontextmanager
async def memory() -> AsyncIterator[Ends]:
    near, far = memory_pair()
    try:
        yield near, far
    finally:
        await near.aclose()
        await far.aclose()


@asynccontextmanager
async def tcp() -> AsyncIterator[Ends]:
    accepted: asyncio.Future[ByteStream] = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def handle(stream: ByteStream) -> None:
        accepted.set_result(stream)
        await done.wait()

    server = await serve_tcp("127.0.0.1", 0, handle)
    near = await open_tcp("127.0.0.1", server.port, CONNECT_S)
    try:
        yield near, await accepted
    finally:
        done.set()
        await near.aclose()
        await server.aclose()


@asynccontextmanager
async def tcp_accepted() -> AsyncIterator[Ends]:
    async with tcp() as (near, far):
        yield far, near


@asynccontextmanager
async def serial_line() -> AsyncIterator[Ends]:
    line = open_pty()
    near = await open_serial(line.path, BAUD)
    try:
        yield near, line.stream
    finally:
        await near.aclose()
        await line.stream.aclose()


@asynccontextmanager
async def pseudo_terminal() -> AsyncIterator[Ends]:
    """Its master, and a program that neither reads ahead nor writes later."""
    line = open_pty()
    slave = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
    far = PtyStream(slave, os.dup(slave))
    try:
        yield line.stream, far
    finally:
        await far.aclose()
        await line.stream.aclose()


RIGS = (
    Rig("memory", memory),
    Rig("tcp", tcp),
    Rig("tcp-accepted", tcp_accepted),
    Rig("serial", serial_line, has_eof=False, capacity=1 << 16),
    Rig("pty", pseudo_terminal, tells_end=False, has_eof=False, capacity=1 << 16),
)
