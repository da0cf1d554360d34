"""Byte streams over a serial line: pyserial with one thread per port."""

import asyncio
import contextlib
import termios
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import serial

from gateway.domain.errors import ConnectFailed, LinkLost
from gateway.ports.stream import ByteStream

T = TypeVar("T")

READ_TIMEOUT_S = 0.05
WRITE_TIMEOUT_S = 2.0
CHUNK_BYTES = 4096


class SerialStream:
    """An open port. Implements :class:`gateway.ports.stream.ByteStream`.

    The thread reads; writes go through an executor of one thread of their own, so that neither
    blocks the loop nor the other.
    """

    def __init__(self, port: serial.Serial, loop: asyncio.AbstractEventLoop) -> None:
        self._port = port
        self._loop = loop
        self._received: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._stopping = threading.Event()
        self._lost = ""
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"write {port.port}")
        self._reader = threading.Thread(target=self._read, name=f"read {port.port}", daemon=True)
        self._reader.start()

    async def receive(self) -> bytes:
        """See the port. A line has no end: a port that is gone is lost."""
        data = None if self._stopping.is_set() else await self._received.get()
        if data is None or self._stopping.is_set():
            self._received.put_nowait(None)
            raise LinkLost(self._lost)
        return data

    async def send(self, data: bytes) -> None:
        """See the port."""
        if self._lost:
            raise LinkLost(self._lost)
        try:
            await self._loop.run_in_executor(self._writer, self._port.write, data)
        except OSError as error:
            self._break(error)
            raise LinkLost(self._lost) from error
        if self._lost:
            raise LinkLost(self._lost)

    def offer(self, _data: bytes, /) -> bool:
        """See the port: a thread writes."""
        return False

    async def aclose(self) -> None:
        """See the port."""
        if self._stopping.is_set():
            return
        self._lost = self._lost or "the serial line is closed"
        self._stopping.set()
        self._received.put_nowait(None)
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    def _close(self) -> None:
        self._port.cancel_read()
        self._port.cancel_write()
        self._writer.shutdown()
        self._reader.join()
        self._port.close()

    def _read(self) -> None:
        while not self._stopping.is_set():
            try:
                data = self._port.read(max(1, min(self._port.in_waiting, CHUNK_BYTES)))
            except OSError as error:
                self._tell(self._break, error)
                return
            if data:
                self._tell(self._received.put_nowait, data)

    def _break(self, error: OSError) -> None:
        self._lost = self._lost or f"the serial line broke: {error}"
        self._received.put_nowait(None)

    def _tell(self, callback: Callable[[T], None], argument: T) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended without closing the line
            self._loop.call_soon_threadsafe(callback, argument)


async def open_serial(path: str, baud: int) -> ByteStream:
    """Open a port, 8N1. Raises ConnectFailed."""
    loop = asyncio.get_running_loop()
    try:
        port = await loop.run_in_executor(
            None,
            lambda: serial.Serial(
                path, baud, timeout=READ_TIMEOUT_S, write_timeout=WRITE_TIMEOUT_S, exclusive=True
            ),
        )
    except (OSError, ValueError, termios.error) as error:
        raise ConnectFailed(f"serial line {path}: {error}") from error
    return SerialStream(port, loop)
