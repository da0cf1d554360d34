"""Frames made in a process of their own: the machines' event loop never waits for an image.

The process hears requests over a socket and hands each frame back as a file in memory that only
the two have. It ends when the socket does, however the room ends.
"""

import asyncio
import logging
import os
import pickle
import socket
import struct
import subprocess
import sys
from mmap import ACCESS_READ, mmap
from typing import ClassVar

from gateway.domain.errors import LinkLost
from gateway.domain.room import Room
from simulators.epid.frame_maker import FrameBytes, FrameMaker
from simulators.epid.messages import Exposure

REPLY = struct.Struct("<q")
"""The size of the frame whose file comes with the reply; 0: there is none."""

_READY_BOUND_S = 300.0
"""Far above what compiling takes on a busy machine."""

_log = logging.getLogger(__name__)


class FrameProcess:
    """The process of one room. Implements FrameMakers.

    A process that has ended is the imager's fault: its connection ends, the next has a new one.
    """

    possible: ClassVar[bool] = hasattr(os, "memfd_create")
    """Whether this system has what it takes."""

    def __init__(self, room: Room, seed: int) -> None:
        """Starts the process and waits until it is ready, so not while a loop runs."""
        self._setup = pickle.dumps((room.machine, room.panel, seed, room.phantom))
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._connections = 0
        self._lock = asyncio.Lock()
        self._start()

    @property
    def pid(self) -> int | None:
        """The process; None where there is none."""
        return None if self._process is None else self._process.pid

    def connect(self) -> FrameMaker:
        """See FrameMakers."""
        self._connections += 1
        return _Apart(self, self._connections)

    def close(self) -> None:
        """See FrameMakers. The process has nothing to keep."""
        self._give_up()
        self._reap()

    async def revive(self) -> None:
        """Start a new process where the last one was lost."""
        async with self._lock:
            if self._socket is None:
                await asyncio.to_thread(self._start)

    async def ask(self, connection: int, exposure: Exposure | None) -> FrameBytes | None:
        """Begin an acquisition (None), or add an exposure. Raises LinkLost without the process.

        Whoever gives up while the process works has lost it: nobody knows how far it is.
        """
        async with self._lock:
            if self._socket is None:
                raise LinkLost("the process that makes the imager's frames has ended")
            try:
                return await self._exchange(self._socket, pickle.dumps((connection, exposure)))
            except (OSError, EOFError) as error:
                self._give_up()
                text = f"the process that makes the imager's frames has ended: {error}"
                _log.error("%s; the imager's link is cut", text)
                raise LinkLost(text) from error
            except BaseException:
                self._give_up()
                raise

    async def _exchange(self, process: socket.socket, request: bytes) -> FrameBytes | None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(process, request)
        readable: asyncio.Future[None] = loop.create_future()
        loop.add_reader(process, _wake, readable)
        try:
            await readable
        finally:
            loop.remove_reader(process)
        return _received(process)

    def _start(self) -> None:
        """In a process group of its own: a key that interrupts the room does not reach it.

        It is ready when its machine code is loaded, or compiled: not while a beam is on.
        """
        self._reap()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                (sys.executable, "-m", "simulators.epid.apart_main", str(theirs.fileno())),
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                process_group=0,
            )
        self._socket = ours
        try:
            ours.settimeout(_READY_BOUND_S)
            ours.sendall(self._setup)
            _received(ours)
            ours.settimeout(0.0)
        except (OSError, EOFError) as error:  # the imager's link is cut when it is asked
            _log.error("the process that makes the imager's frames did not start: %s", error)
            self._give_up()
        except BaseException:
            self.close()
            raise

    def _give_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None:
            self._process.kill()

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait()
            self._process = None


class _Apart:
    """One connection's images in the process."""

    def __init__(self, process: FrameProcess, connection: int) -> None:
        self._process = process
        self._connection = connection

    async def rehearse(self) -> None:
        """See FrameMaker: the process has rehearsed when it started."""
        await self._process.revive()

    async def begin(self) -> None:
        """See FrameMaker."""
        await self._process.revive()
        await self._process.ask(self._connection, None)

    async def expose(self, exposure: Exposure) -> FrameBytes | None:
        """See FrameMaker."""
        return await self._process.ask(self._connection, exposure)

    def close(self) -> None:
        """See FrameMaker: the next connection's images take the place of these."""


def _received(process: socket.socket) -> FrameBytes | None:
    """Raises OSError, and EOFError when the process has ended."""
    reply, files, _, _ = socket.recv_fds(process, REPLY.size, 1)
    if len(reply) != REPLY.size:
        raise EOFError("it has let its socket go")
    (size,) = REPLY.unpack(reply)
    if not files:
        return None
    try:
        return memoryview(mmap(files[0], size, access=ACCESS_READ))
    finally:
        os.close(files[0])


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
