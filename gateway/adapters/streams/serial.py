"""Byte streams over a serial line: pyserial with one thread per port."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import serial

from gateway.domain.errors import ConnectFailed, LinkLost
from gateway.ports.stream import ByteStream

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
        self._failure = ""
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"write {port.port}")
        self._reader = threading.Thread(target=self._read, name=f"read {port.port}", daemon=True)
        self._reader.start()

    async def receive(self) -> bytes:
        """See the port."""
        if self._stopping.is_set():
            raise LinkLost("the serial line is closed")
        data = await self._received.get()
        if data is None:
            self._received.put_nowait(None)
            raise LinkLost(f"the serial line broke: {self._failure}")
        return data

    async def send(self, data: bytes) -> None:
        """See the port."""
        if self._stopping.is_set():
            raise LinkLost("the serial line is closed")
        try:
            await self._loop.run_in_executor(self._writer, self._write, data)
        except OSError as error:
            raise LinkLost(f"the serial line broke: {error}") from error

    async def aclose(self) -> None:
        """See the port."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        await self._loop.run_in_executor(None, self._close)

    def _write(self, data: bytes) -> None:
        self._port.write(data)
        self._port.flush()

    def _close(self) -> None:
        self._writer.shutdown()
        self._reader.join()
        self._port.close()

    def _read(self) -> None:
        while not self._stopping.is_set():
            try:
                data = self._port.read(max(1, min(self._port.in_waiting, CHUNK_BYTES)))
            except (OSError, TypeError) as error:
                self._failure = str(error)
                self._tell(None)
                return
            if data:
                self._tell(data)

    def _tell(self, data: bytes | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._received.put_nowait, data)


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
    except (OSError, ValueError) as error:
        raise ConnectFailed(f"serial line {path}: {error}") from error
    return SerialStream(port, loop)
