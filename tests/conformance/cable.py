"""A cable between a driver and a device that can be cut, and babbled into."""

import asyncio
from typing import Protocol

from gateway.domain.errors import LinkLost
from gateway.ports.stream import ByteStream


class FarEnd(Protocol):
    """What has to be closed with a cable: a line whose device cannot notice, a listening port."""

    async def aclose(self) -> None: ...


class Cable:
    """The driver's end of ``stream``; ``far_end`` is closed with it."""

    def __init__(self, stream: ByteStream, far_end: FarEnd | None = None) -> None:
        self._stream = stream
        self._far_end = far_end
        self._broken = asyncio.Event()
        self._noise = b""
        self._closed = False

    def cut(self) -> None:
        """Both ends are gone."""
        self._broken.set()

    def babble(self, data: bytes) -> None:
        """The driver receives ``data`` next."""
        self._noise = data
        self._broken.set()

    async def receive(self) -> bytes:
        """See the port."""
        if not self._broken.is_set():
            arriving = asyncio.create_task(self._stream.receive())
            breaking = asyncio.create_task(self._broken.wait())
            try:
                await asyncio.wait((arriving, breaking), return_when=asyncio.FIRST_COMPLETED)
            finally:
                breaking.cancel()
                if not arriving.done():
                    arriving.cancel()
                await asyncio.wait((arriving, breaking))
            if not arriving.cancelled():
                return arriving.result()
        return await self._break()

    async def send(self, data: bytes) -> None:
        """See the port."""
        if self._broken.is_set() and not self._noise:
            raise LinkLost("the cable is cut")
        await self._stream.send(data)

    def offer(self, data: bytes) -> bool:
        """See the port."""
        return not self._broken.is_set() and self._stream.offer(data)

    async def aclose(self) -> None:
        """See the port."""
        if not self._closed:
            self._closed = True
            await self._stream.aclose()
            if self._far_end is not None:
                await self._far_end.aclose()

    async def _break(self) -> bytes:
        noise, self._noise = self._noise, b""
        if noise:
            self._broken.clear()
            return noise
        await self.aclose()
        raise LinkLost("the cable is cut")
