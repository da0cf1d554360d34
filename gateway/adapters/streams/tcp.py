"""Byte streams over TCP."""

import asyncio
import socket
from collections import deque
from collections.abc import Awaitable, Callable

from gateway.domain.errors import ConnectFailed, LinkLost
from gateway.ports.stream import ByteStream

CHUNK_BYTES = 1 << 16
"""What is given to the system at once: between the chunks of a frame the loop has other turns."""
READ_AHEAD_BYTES = 1 << 22
FLUSH_S = 1.0
"""How long a stream that is closed may take to hand over what was sent before."""


class TcpStream(asyncio.BufferedProtocol):
    """A connected socket. Implements :class:`gateway.ports.stream.ByteStream`.

    Bytes are handed on in the portions that the system gave, without being copied together; a
    portion is a chunk at most, so that whoever takes it does not keep the loop for long.
    """

    _transport: asyncio.Transport

    def __init__(self, on_connected: Callable[["TcpStream"], None] | None = None) -> None:
        self._on_connected = on_connected
        self._portion = memoryview(bytearray(CHUNK_BYTES))
        self._arrived: deque[bytes] = deque()
        self.read_ahead = 0
        """Bytes that were read and not yet received."""
        self._ended = False
        self._lost: str | None = None
        self._full = False
        self._sending = asyncio.Lock()
        self._changed: set[asyncio.Future[None]] = set()
        self._gone = asyncio.Event()

    async def receive(self) -> bytes:
        """See the port."""
        while not self._arrived:
            self._check()
            if self._ended:
                return b""
            await self._change()
        data = self._arrived.popleft()
        self.read_ahead -= len(data)
        if self.read_ahead <= READ_AHEAD_BYTES:
            self._transport.resume_reading()
        return data

    async def send(self, data: bytes) -> None:
        """See the port. Cancelled half way, the other half follows: a frame is never cut."""
        view = memoryview(data)
        async with self._sending:
            self._check()
            try:
                while view:
                    self._transport.write(view[:CHUNK_BYTES])
                    view = view[CHUNK_BYTES:]
                    await self._room()
            except asyncio.CancelledError:
                self._transport.write(view)
                raise

    def offer(self, data: bytes) -> bool:
        """See the port: what fits into one chunk goes to the system at once."""
        if self._lost is not None or self._full or self._sending.locked():
            return False
        if len(data) > CHUNK_BYTES:
            return False
        self._transport.write(data)
        return True

    async def aclose(self) -> None:
        """See the port."""
        self._lose("the connection is closed")
        self._arrived.clear()
        self._transport.close()
        try:
            async with asyncio.timeout(FLUSH_S):
                await self._gone.wait()
        except TimeoutError:
            return
        finally:
            self.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.BufferedProtocol`."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"{transport!r} does not carry a stream of bytes")
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport
        if self._on_connected is not None:
            self._on_connected(self)

    def get_buffer(self, _sizehint: int, /) -> memoryview:
        """See :class:`asyncio.BufferedProtocol`."""
        return self._portion

    def buffer_updated(self, nbytes: int) -> None:
        """See :class:`asyncio.BufferedProtocol`."""
        if self._lost is not None:
            return
        self._arrived.append(bytes(self._portion[:nbytes]))
        self.read_ahead += nbytes
        if self.read_ahead > READ_AHEAD_BYTES:
            self._transport.pause_reading()
        self._tell()

    def eof_received(self) -> bool:
        """As the base; what is on its way to the other side still goes."""
        self._ended = True
        self._tell()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """See :class:`asyncio.BufferedProtocol`."""
        self._lose("the connection is closed" if exc is None else f"the connection broke: {exc}")
        self._gone.set()

    def pause_writing(self) -> None:
        """See :class:`asyncio.BufferedProtocol`."""
        self._full = True

    def resume_writing(self) -> None:
        """See :class:`asyncio.BufferedProtocol`."""
        self._full = False
        self._tell()

    def abort(self) -> None:
        """Close at once; what was not sent yet is lost. Idempotent."""
        if not self._gone.is_set():
            self._transport.abort()

    def _check(self) -> None:
        if self._lost is not None:
            raise LinkLost(self._lost)

    def _lose(self, why: str) -> None:
        if self._lost is None:
            self._lost = why
        self._tell()

    async def _room(self) -> None:
        """Give the loop a turn, and wait until the system takes more."""
        await asyncio.sleep(0)
        self._check()
        while self._full:
            await self._change()
            self._check()

    async def _change(self) -> None:
        """Wait until the other side or the system has done something."""
        changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._changed.add(changed)
        try:
            await changed
        finally:
            self._changed.discard(changed)

    def _tell(self) -> None:
        for changed in self._changed:
            if not changed.done():
                changed.set_result(None)


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
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            _, stream = await loop.create_connection(TcpStream, host, port)
    except TimeoutError as error:
        raise ConnectFailed(f"{host}:{port} did not answer within {timeout_s:g} s") from error
    except OSError as error:
        raise ConnectFailed(f"{host}:{port}: {error.strerror or error}") from error
    except (OverflowError, UnicodeError) as error:
        raise ConnectFailed(f"{host}:{port} is no address: {error}") from error
    return stream


async def serve_tcp(
    host: str, port: int, handler: Callable[[ByteStream], Awaitable[None]]
) -> TcpServer:
    """Listen (port 0: any free port). Raises ConnectFailed when the port cannot be had."""
    connections: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()

    async def serve(stream: TcpStream) -> None:
        try:
            await handler(stream)
        finally:
            await stream.aclose()

    def connected(stream: TcpStream) -> None:
        task = loop.create_task(serve(stream))
        connections.add(task)
        task.add_done_callback(lambda _: stream.abort())  # also where it never ran
        task.add_done_callback(connections.discard)

    try:
        server = await loop.create_server(lambda: TcpStream(connected), host, port)
    except OSError as error:
        raise ConnectFailed(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return TcpServer(server, connections)
