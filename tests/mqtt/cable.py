"""A cable to a broker that the test cuts and mends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Cable:
    """Relays bytes of any number of connections; a cut cable takes none and drops all."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._relays: set[asyncio.Task[None]] = set()
        self.whole = True
        self.connections = 0

    def cut(self) -> None:
        """Everything that is connected is dropped."""
        self.whole = False
        for relay in self._relays:
            relay.cancel()

    def mend(self) -> None:
        """From now on connections go through."""
        self.whole = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        self.connections += 1
        with contextlib.suppress(asyncio.CancelledError, OSError):
            if self.whole:
                await self._relay(reader, writer)
        self._relays.discard(task)
        writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", self._broker_port)
        ways = [
            asyncio.create_task(_pump(reader, outer)),
            asyncio.create_task(_pump(inner, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.wait(ways)
            outer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def cable(broker_port: int) -> AsyncIterator[tuple[Cable, int]]:
    """The cable and the port at its near end."""
    one = Cable(broker_port)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    try:
        yield one, server.sockets[0].getsockname()[1]
    finally:
        one.cut()
        server.close()
        await server.wait_closed()
        if one._relays:
            await asyncio.wait(set(one._relays))
