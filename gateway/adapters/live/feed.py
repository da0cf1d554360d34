"""A watcher's end of the live feed."""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.domain.axes import AxisLayout
from gateway.domain.errors import ConfigError, InputError
from gateway.formats.live_feed import LiveSample, Message, decode

MESSAGE_BYTES = 64 * 2**10
BREATH = 16
"""Messages that are taken before everything else in the process has its turn."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RoomHeard:
    """The room's process has connected, or is gone."""

    connected: bool


class Feed:
    """Binds a socket, accepts the room's process, and yields what it tells.

    ``async with Feed(path, layout) as feed: async for item in feed`` yields messages and, between
    them, :class:`RoomHeard`. ``untold`` counts samples that the room could not tell, ``strange``
    messages that cannot be read (of another machine, say): those are left out.
    """

    def __init__(self, path: Path, layout: AxisLayout) -> None:
        self._path = path
        self._layout = layout
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._room: socket.socket | None = None
        self.connected = False
        self.untold = 0
        self.strange = 0

    async def __aenter__(self) -> Self:
        """Listen. Raises ConfigError where that is impossible."""
        await asyncio.to_thread(self._listen)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._close)

    async def __aiter__(self) -> AsyncGenerator[Message | RoomHeard, None]:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._room, _ = await loop.sock_accept(self._listening)
            with self._room as room:
                room.settimeout(0)
                self.connected = True
                yield RoomHeard(connected=True)
                async for message in self._messages(room):
                    yield message
            self.connected = False
            yield RoomHeard(connected=False)

    async def _messages(self, room: socket.socket) -> AsyncGenerator[Message, None]:
        loop = asyncio.get_running_loop()
        taken = 0
        while datagram := await _received(loop, room):
            message = self._read(datagram)
            if message is not None:
                yield message
            taken += 1
            if taken % BREATH == 0:
                await asyncio.sleep(0)

    def _listen(self) -> None:
        try:
            self._listening.settimeout(0)
            self._path.unlink(missing_ok=True)
            self._listening.bind(str(self._path))
            self._path.chmod(0o600)
            self._listening.listen(4)
        except OSError as error:
            self._listening.close()
            raise ConfigError(f"{self._path}: nobody can be listened to: {error}") from error

    def _close(self) -> None:
        self._listening.close()
        if self._room is not None:
            self._room.close()
        self._path.unlink(missing_ok=True)

    def _read(self, datagram: bytes) -> Message | None:
        try:
            message = decode(datagram, self._layout)
        except InputError as error:
            if not self.strange:
                _log.warning("%s", error)
            self.strange += 1
            return None
        if isinstance(message, LiveSample):
            self.untold += message.untold
        return message


async def _received(loop: asyncio.AbstractEventLoop, room: socket.socket) -> bytes:
    """A message; nothing where there will be no more."""
    try:
        return await loop.sock_recv(room, MESSAGE_BYTES)
    except ConnectionError:
        return b""
