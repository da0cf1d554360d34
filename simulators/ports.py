"""A device's session and its connection, put together: what serves one stream."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from simulators.connection import Connection
from simulators.couch.session import CouchSession
from simulators.epid.frame_maker import FrameBytes, FrameMaker
from simulators.epid.messages import Exposure
from simulators.epid.session import ImagerSession, Output, Turn
from simulators.injection.frames import FramePath
from simulators.linac.messages import Event, Sample
from simulators.linac.session import LinacSession

BACKLOG = 4096
"""Pieces of slow work that may wait; a panel that is farther behind is out of order."""


class Port(Protocol):
    """One stream's machine side."""

    connection: Connection

    def receive(self, data: bytes, t_ns: int) -> None:
        """Bytes came. Raises RemoteProtocolError when they break the link."""
        ...

    async def work(self) -> None:
        """Slow work, until cancelled."""
        ...

    def close(self, t_ns: int) -> None:
        """The stream is gone."""
        ...


class LinacPort:
    """The linac controller on one stream."""

    def __init__(self, session: LinacSession, connection: Connection) -> None:
        self._session = session
        self.connection = connection

    def receive(self, data: bytes, t_ns: int) -> None:
        """See Port."""
        self.connection.send(self._session.receive(data, t_ns))

    def tell(self, happened: Iterable[Event | Sample]) -> None:
        """What happened to the machine."""
        self.connection.send(self._session.tell(happened))

    async def work(self) -> None:
        """See Port: there is none."""
        await asyncio.get_running_loop().create_future()

    def close(self, t_ns: int) -> None:
        """See Port."""
        self._session.close(t_ns)


class CouchPort:
    """The couch controller on one stream."""

    def __init__(self, session: CouchSession, connection: Connection) -> None:
        self._session = session
        self.connection = connection

    def receive(self, data: bytes, t_ns: int) -> None:
        """See Port."""
        self.connection.send(self._session.receive(data, t_ns))

    def advance(self, t_ns: int) -> None:
        """Time goes on."""
        self.connection.send(self._session.advance(t_ns))

    async def work(self) -> None:
        """See Port: there is none."""
        await asyncio.get_running_loop().create_future()

    def close(self, t_ns: int) -> None:
        """See Port: the drive goes on, as a real one whose cable is pulled."""


class ImagerPort:
    """The imager on one stream; frames are made elsewhere, in order."""

    def __init__(
        self,
        session: ImagerSession,
        connection: Connection,
        frames: FrameMaker,
        frame_path: FramePath,
    ) -> None:
        self._session = session
        self.connection = connection
        self._frames = frames
        self._frame_path = frame_path
        self._queue: deque[Output] = deque()
        self._changed: asyncio.Future[None] | None = None

    @property
    def in_control(self) -> bool:
        """Whether frames go out here."""
        return self._session.in_control

    def receive(self, data: bytes, t_ns: int, /) -> None:  # noqa: ARG002 - acts at once
        """See Port."""
        self.put(self._session.receive(data))

    def put(self, outputs: Iterable[Output]) -> None:
        """Queue what the session or the panel hands out."""
        self._queue.extend(outputs)
        if len(self._queue) > BACKLOG:
            self.connection.cut(f"{len(self._queue)} pieces of work wait: frames come too fast")
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    async def work(self) -> None:
        """See Port: makes and sends the frames."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._frames.rehearse())
            await self._work_off()

    async def _work_off(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while self._queue:
                await self._do(self._queue.popleft())
            self._changed = loop.create_future()
            await self._changed

    def close(self, t_ns: int, /) -> None:  # noqa: ARG002 - acts at once
        """See Port."""
        self._session.close()
        self._frames.close()
        self._queue.clear()

    async def _do(self, output: Output) -> None:
        match output:
            case bytes():
                self.connection.send(output)
            case Exposure():
                await self._expose(output)
            case Turn.BEGIN:
                await self._frames.begin()
            case Turn.END:
                self._send(self._frame_path.flush())

    async def _expose(self, exposure: Exposure) -> None:
        frame = await self._frames.expose(exposure)
        if frame is not None and exposure.closes is not None:
            self._send(self._frame_path.carry(exposure.closes, frame))
            await self.connection.drained()

    def _send(self, frames: Iterable[FrameBytes]) -> None:
        for frame in frames:
            self.connection.send(frame)
