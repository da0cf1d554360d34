"""Frames made in threads of this process."""

import asyncio

from gateway.domain.room import Room
from simulators.epid.frame_maker import FrameMaker
from simulators.epid.messages import Exposure
from simulators.epid.renderer import Renderer


class FrameThreads:
    """Implements FrameMakers: every connection has a renderer of its own."""

    def __init__(self, room: Room, seed: int) -> None:
        self._room = room
        self._seed = seed

    def connect(self) -> FrameMaker:
        """See FrameMakers."""
        room = self._room
        return _Threaded(Renderer(room.machine, room.panel, self._seed, room.phantom))

    def close(self) -> None:
        """See FrameMakers: nothing is held."""


class _Threaded:
    """One connection's renderer."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer: Renderer | None = renderer

    async def rehearse(self) -> None:
        await asyncio.to_thread(self._open().rehearse)

    async def begin(self) -> None:
        await asyncio.to_thread(self._open().begin)

    async def expose(self, exposure: Exposure) -> bytes | None:
        return await asyncio.to_thread(self._open().expose, exposure)

    def close(self) -> None:
        """What broke the connection may hold on to all that took part until rubbish is collected.

        Its images have tens of MB.
        """
        self._renderer = None

    def _open(self) -> Renderer:
        if self._renderer is None:
            raise LookupError("the connection has ended")
        return self._renderer
