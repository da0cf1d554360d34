"""A pseudo terminal: a serial line whose other end is this process."""

import asyncio
import os
import pty
import tty
from dataclasses import dataclass

from gateway.domain.errors import LinkLost
from gateway.ports.stream import ByteStream

CHUNK_BYTES = 4096


@dataclass(frozen=True, slots=True)
class PtyLine:
    """``path`` is what a serial program opens; ``stream`` is this side."""

    path: str
    stream: ByteStream


class PtyStream:
    """The master side. Implements :class:`gateway.ports.stream.ByteStream`.

    The slave side is kept open here too, so that programs may come and go as on a real line.
    """

    def __init__(self, master: int, slave: int) -> None:
        self._master = master
        self._slave = slave
        self._closed = False
        self._sending = asyncio.Lock()
        self._unsent = bytearray()
        self._waiting: set[asyncio.Future[None]] = set()
        os.set_blocking(master, False)

    async def receive(self) -> bytes:
        """See the port."""
        while True:
            self._check_open()
            try:
                return os.read(self._master, CHUNK_BYTES)
            except BlockingIOError:
                await self._readable()
            except OSError as error:
                raise LinkLost(f"the pseudo terminal broke: {error.strerror}") from error

    async def send(self, data: bytes) -> None:
        """See the port. Cancelled half way, the other half goes before what is sent next."""
        self._check_open()
        self._unsent += data
        async with self._sending:
            while self._unsent:
                del self._unsent[: await self._write()]

    def offer(self, _data: bytes, /) -> bool:
        """See the port: this line writes what it can, and waits for the rest."""
        return False

    async def aclose(self) -> None:
        """See the port."""
        if not self._closed:
            self._closed = True
            for future in self._waiting:
                _wake(future)
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._master)
            loop.remove_writer(self._master)
            os.close(self._master)
            os.close(self._slave)

    def _check_open(self) -> None:
        if self._closed:
            raise LinkLost("the pseudo terminal is closed")

    async def _write(self) -> int:
        self._check_open()
        try:
            return os.write(self._master, self._unsent)
        except BlockingIOError:
            await self._writable()
            return 0
        except OSError as error:
            raise LinkLost(f"the pseudo terminal broke: {error.strerror}") from error

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        future = self._wait(loop)
        loop.add_reader(self._master, _wake, future)
        try:
            await future
        finally:
            self._waiting.discard(future)
            if not self._closed:
                loop.remove_reader(self._master)

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        future = self._wait(loop)
        loop.add_writer(self._master, _wake, future)
        try:
            await future
        finally:
            self._waiting.discard(future)
            if not self._closed:
                loop.remove_writer(self._master)

    def _wait(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.add(future)
        return future


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def open_pty() -> PtyLine:
    """A new pseudo terminal in raw mode."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    return PtyLine(os.ttyname(slave), PtyStream(master, slave))
