"""Viewers of a live room: some who read what they are sent, some who never do."""

import asyncio
import base64
import json
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

LIVE = "/api/v1/live"
STALLED_BYTES = 4096
"""What the kernel may take for a viewer who never reads: the least that it allows."""


@dataclass
class Reader:
    """What one viewer has seen: texts by their number, the last of them, images."""

    connection: ClientConnection
    texts: int = 0
    images: int = 0
    last: dict[str, Any] = field(default_factory=dict)
    farthest_mu: float = 0.0
    in_order: bool = True
    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        async for said in self.connection:
            if isinstance(said, bytes):
                self.images += 1
                continue
            update = json.loads(said)
            self.in_order &= update["n"] > self.last.get("n", -1)
            self.last, self.texts = update, self.texts + 1
            self.told.set()
            if update["sample"] is not None:
                self.farthest_mu = max(self.farthest_mu, update["sample"]["meterset_mu"])

    async def until(self, told: Callable[[dict[str, Any]], bool]) -> None:
        """Until a text says so; one comes every second at least."""
        while not self.last or not told(self.last):
            self.told.clear()
            await self.told.wait()


@asynccontextmanager
async def readers(port: int, count: int) -> AsyncIterator[list[Reader]]:
    """``count`` viewers who take everything, until the block ends."""
    url, origin = f"ws://127.0.0.1:{port}{LIVE}", f"http://127.0.0.1:{port}"
    joined = [
        Reader(await connect(url, origin=origin, max_size=None, compression=None))  # type: ignore[arg-type]
        for _ in range(count)
    ]
    reading = [asyncio.create_task(one.read(), name="reader") for one in joined]
    try:
        yield joined
    finally:
        await asyncio.gather(*(one.connection.close() for one in joined))
        await asyncio.gather(*reading)


@asynccontextmanager
async def stalled(port: int, count: int) -> AsyncIterator[list[socket.socket]]:
    """``count`` viewers who join and then never read, until the block ends."""
    joined = [await asyncio.to_thread(_join, port) for _ in range(count)]
    try:
        yield joined
    finally:
        for one in joined:
            one.close()


def _join(port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STALLED_BYTES)
    one.settimeout(60.0)
    one.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    one.sendall(
        f"GET {LIVE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n" not in answer:
        answer += one.recv(1)
    assert b" 101 " in answer, answer
    return one
