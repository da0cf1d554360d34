"""The side of a relayed association that a worker is on."""

import asyncio
import socket
from pathlib import Path
from typing import Protocol

from gateway.adapters.guard.passage import LONGEST_FIRST_BYTES, NOTHING, Passage

HIGH_WATER_BYTES = 512 * 2**10
SEND_BUFFER_BYTES = 2**20


class Client(Protocol):
    """The other side."""

    def answer(self, data: bytes) -> None:
        """The worker says something."""

    def pause(self) -> None:
        """The worker reads slowly."""

    def resume(self) -> None:
        """The worker has caught up."""

    def hang_up(self) -> None:
        """The worker has closed."""


class WorkerEnd(asyncio.Protocol):
    """The side of a worker, which is trusted: what it says is handed over as it is."""

    def __init__(self, client: Client, connection: socket.socket) -> None:
        """``connection`` is what its transport is made of.

        ``keeps_up`` is whether it has taken all that it was handed, and takes more.
        """
        self._client = client
        self._connection = connection
        self._transport: asyncio.Transport | None = None
        self.keeps_up = True
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

    @classmethod
    async def dialled(cls, client: Client, path: Path) -> "WorkerEnd":
        """Connected to the worker that listens at ``path``. Raises OSError."""
        loop = asyncio.get_running_loop()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(0.0)
            await loop.sock_connect(connection, str(path))
            _, worker = await loop.create_unix_connection(
                lambda: cls(client, connection), sock=connection
            )
        except BaseException:
            connection.close()
            raise
        return worker

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The worker has taken the connection."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream's transport
        transport.set_write_buffer_limits(0)  # what the kernel does not take holds the client up
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """The worker says something."""
        self._client.answer(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the interface's
        """The worker has ended the association."""
        self.keeps_up = False
        self._client.hang_up()

    def pause_writing(self) -> None:
        """The worker reads slowly."""
        self._client.pause()

    def resume_writing(self) -> None:
        """The worker has caught up."""
        self.keeps_up = True
        self._client.resume()

    def write(self, data: memoryview | bytearray) -> None:
        """Hand it over; what cannot go at once is copied: the buffer it came in is used again."""
        sent = self._send(data) if self.keeps_up else 0
        if sent < len(data):
            self._write_later(bytes(memoryview(data)[sent:]))

    def pass_on(
        self, passage: Passage, source: int, most_bytes: int, first: memoryview = NOTHING
    ) -> int:
        """Hand over ``first``, and what comes from a socket without reading it.

        How much of the socket's, 0 for nothing now. Only while it keeps up.
        """
        if len(first) > LONGEST_FIRST_BYTES:
            self.write(first)
            return self.pass_on(passage, source, most_bytes) if self.keeps_up else 0
        taken, left = passage.move(source, self._connection.fileno(), most_bytes, first)
        if left:
            self._write_later(left)
        return taken

    def _write_later(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
            self.keeps_up = not self._transport.get_write_buffer_size()

    def _send(self, data: bytes | bytearray | memoryview) -> int:
        try:
            return self._connection.send(data)
        except OSError:  # the transport finds it too, and says what it means
            return 0

    def pause(self) -> None:
        """Read no more for now."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """The client is gone."""
        self.keeps_up = False
        if self._transport is not None:
            self._transport.close()
