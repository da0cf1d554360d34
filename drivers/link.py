"""One open stream to a device: whole writes, prompt reads, one word when it is lost."""

import asyncio
from collections.abc import Callable, Coroutine

from gateway.domain.errors import GatewayError, LinkLost, LocalProtocolError
from gateway.ports.stream import ByteStream

MAXIMUM_UNSENT = 1 << 20
DRAIN_BELOW = 1 << 16


class Link:
    """Reads and writes a stream until it is lost or closed.

    ``on_bytes`` takes what arrives, at once; an error of the GatewayError tree from it ends the
    link. Any other exception from it is a defect on this side: it is given to the loop's
    exception handler, and the link ends with LocalProtocolError, because a gateway that no
    longer sees its device must not keep it alive. ``on_lost`` is told why, once, and only when
    the link was not closed by :meth:`aclose`.

    ``write`` takes whole messages and never waits, so a cancelled caller tears none.
    """

    def __init__(
        self,
        stream: ByteStream,
        on_bytes: Callable[[bytes], None],
        on_lost: Callable[[GatewayError], None],
    ) -> None:
        self._stream = stream
        self._on_bytes = on_bytes
        self._on_lost = on_lost
        self._unsent = bytearray()
        self._written = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._sending = False
        self._lost: GatewayError | None = None
        self._task = asyncio.create_task(self._run())

    def check(self) -> None:
        """Raises LinkLost when the link is gone."""
        if self._lost is not None:
            raise LinkLost(f"the link is gone: {self._lost}") from self._lost

    def write(self, data: bytes) -> None:
        """Send ``data`` after what was written before. Raises LinkLost."""
        self.check()
        if not self._sending and not self._unsent and self._stream.offer(data):
            return
        if len(self._unsent) > MAXIMUM_UNSENT:
            self._task.cancel()
            self._tell(LinkLost(f"the device takes no bytes; {len(self._unsent)} wait for it"))
            self.check()
        self._unsent += data
        self._written.set()
        if len(self._unsent) >= DRAIN_BELOW:
            self._drained.clear()

    async def drain(self) -> None:
        """Wait until little is unsent. Raises LinkLost."""
        await self._drained.wait()
        self.check()

    async def aclose(self, timeout_s: float) -> None:
        """Close within ``timeout_s``; idempotent, never raises, tells nobody."""
        if self._lost is None:
            self._end(LinkLost("closed by this side"))
            self._task.cancel()
        await asyncio.wait((self._task,), timeout=timeout_s)

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read())
                tasks.create_task(self._send())
        except BaseExceptionGroup as broken:
            self._tell(broken.exceptions[0])
        finally:
            await _to_the_end(self._stream.aclose())

    async def _read(self) -> None:
        while data := await self._stream.receive():
            self._on_bytes(data)
        raise LinkLost("the device closed the link")

    async def _send(self) -> None:
        while True:
            await self._written.wait()
            self._written.clear()
            data = bytes(self._unsent)
            self._unsent.clear()
            self._sending = True
            await self._stream.send(data)
            self._sending = False
            if len(self._unsent) < DRAIN_BELOW:
                self._drained.set()

    def _tell(self, error: BaseException) -> None:
        if self._lost is not None:
            return
        told = error if isinstance(error, GatewayError) else self._defect(error)
        self._end(told)
        self._on_lost(told)

    def _end(self, error: GatewayError) -> None:
        self._lost = error
        self._drained.set()

    def _defect(self, error: BaseException) -> LocalProtocolError:
        told = LocalProtocolError(
            f"a receiver of this device's data failed ({type(error).__name__}: {error}); "
            "the link was closed because nobody watches the device any more"
        )
        told.__cause__ = error
        context = {"message": str(told), "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)
        return told


async def _to_the_end(work: Coroutine[None, None, None]) -> None:
    """Finish ``work`` although this task is cancelled meanwhile; the cancellation comes after it.

    From Python 3.13 a TaskGroup that fails while its task is cancelled cancels it anew.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
