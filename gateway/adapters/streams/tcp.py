"""Byte streams over TCP."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from gateway.domain.errors import ConnectFailed, LinkLost
from gateway.ports.stream import ByteStream

CHUNK_BYTES = 1 << 18
BUFFER_BYTES = 1 << 22


class TcpStream:
    """A connected socket. Implements :class:`gateway.ports.stream.ByteStream`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def receive(self) -> bytes:
        """See the port."""
        if self._writer.is_closing():
            raise LinkLost("the connection is closed")
        try:
            return await self._reader.read(CHUNK_BYTES)
        except OSError as error:
            raise LinkLost(f"the connection broke: {error}") from error

    async def send(self, data: bytes) -> None:
        """See the port."""
        if self._writer.is_closing():
            raise LinkLost("the connection is closed")
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise LinkLost(f"the connection broke: {error}") from error

    async def aclose(self) -> None:
        """See the port."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return


class TcpServer:
    """A listening socket that gives every connection to a handler."""

    def __init__(self, server: asyncio.Server, connections: set[asyncio.Task[None]]) -> None:
        self._server = server
        self._connections = connections
        self.port: int = server.sockets[0].getsockname()[1]

    async def aclose(self) -> None:
        """Stop listening and end every connection."""
        self._server.close()
        for task in tuple(self._connections):
            task.cancel()
        if self._connections:
            await asyncio.wait(tuple(self._connections))
        await self._server.wait_closed()


async def open_tcp(host: str, port: int, timeout_s: float) -> ByteStream:
    """Connect. Raises ConnectFailed."""
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(host, port, limit=BUFFER_BYTES)
    except TimeoutError as error:
        raise ConnectFailed(f"{host}:{port} did not answer within {timeout_s:g} s") from error
    except OSError as error:
        raise ConnectFailed(f"{host}:{port}: {error.strerror or error}") from error
    return TcpStream(reader, writer)


async def serve_tcp(
    host: str, port: int, handler: Callable[[ByteStream], Awaitable[None]]
) -> TcpServer:
    """Listen (port 0: any free port). Raises ConnectFailed when the port cannot be had."""
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            connections.add(task)
            task.add_done_callback(connections.discard)
        stream = TcpStream(reader, writer)
        try:
            await handler(stream)
        finally:
            await stream.aclose()

    try:
        server = await asyncio.start_server(connected, host, port, limit=BUFFER_BYTES)
    except OSError as error:
        raise ConnectFailed(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return TcpServer(server, connections)
