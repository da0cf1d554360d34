"""A device that follows a script, at the other end of a stream that is slow on purpose."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from drivers.framing import encode_frame, frame_taker
from drivers.incremental import IncrementalDecoder
from gateway.domain.errors import ConnectFailed, LinkLost
from gateway.ports.stream import ByteStream
from gateway.timeloop import run

T = TypeVar("T")
Answers = Callable[[int, Any], Iterable[bytes]]


def simulated(scenario: Coroutine[Any, Any, T]) -> T:
    """Run in simulated time: a wait that can never end raises. No task may be left over."""

    async def watched() -> T:
        result = await scenario
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks left over: {left}"
        return result

    return run(watched(), None)


class SlowStream:
    """The driver's end: every call takes some turns of the loop before it has its effect."""

    turns = 2

    def __init__(self, on_bytes: Callable[[bytes], None]) -> None:
        self._on_bytes = on_bytes
        self._arriving: asyncio.Queue[bytes | LinkLost] = asyncio.Queue()
        self.closed = False
        self.stuck = False

    def say(self, data: bytes) -> None:
        """Bytes on their way to the driver; empty: the device closed the link."""
        self._arriving.put_nowait(data)

    def cut(self) -> None:
        """The link breaks."""
        self._arriving.put_nowait(LinkLost("cut"))

    async def receive(self) -> bytes:
        """See the port."""
        arrived = await self._arriving.get()
        if isinstance(arrived, LinkLost):
            raise arrived
        return arrived

    async def send(self, data: bytes) -> None:
        """See the port."""
        await self._pass()
        if self.closed:
            raise LinkLost("closed")
        if self.stuck:
            await asyncio.Event().wait()
        self._on_bytes(data)

    def offer(self, data: bytes) -> bool:
        """See the port: a stream that takes turns takes nothing at once."""
        if self.turns or self.stuck or self.closed:
            return False
        self._on_bytes(data)
        return True

    async def aclose(self) -> None:
        """See the port."""
        await self._pass()
        self.closed = True

    async def _pass(self) -> None:
        for _ in range(self.turns):
            await asyncio.sleep(0)


class Peer(ABC):
    """Opens streams and answers each request by its type; unknown ones get no answer."""

    def __init__(self) -> None:
        self.answers: dict[type, Answers] = {}
        self.requests: list[tuple[int, Any]] = []
        self.streams: list[SlowStream] = []
        self.refuses = False

    async def open(self) -> ByteStream:
        """A StreamOpener."""
        await asyncio.sleep(0)
        if self.refuses:
            raise ConnectFailed("nobody there")
        decoder = self._decoder()
        stream = SlowStream(lambda data: self._take(decoder, data))
        self.streams.append(stream)
        return stream

    @property
    def stream(self) -> SlowStream:
        """The newest connection."""
        return self.streams[-1]

    def asked(self, kind: type) -> int:
        """How many requests of a type came, over all connections."""
        return sum(type(request) is kind for _, request in self.requests)

    def _take(self, decoder: IncrementalDecoder[tuple[int, Any]], data: bytes) -> None:
        for number, request in decoder.feed(data):
            self.requests.append((number, request))
            for reply in self.answers.get(type(request), _silence)(number, request):
                self.stream.say(reply)

    @abstractmethod
    def _decoder(self) -> IncrementalDecoder[tuple[int, Any]]:
        """What makes requests of the bytes that come."""


def _silence(_number: int, _request: Any) -> Iterable[bytes]:
    return ()


def receiver(codec: Any) -> IncrementalDecoder[tuple[int, Any]]:
    decoders = {layout.kind: layout.decode for layout in codec.REQUESTS.values()}
    return IncrementalDecoder(
        frame_taker(codec.FORMAT, decoders, lambda number, request: (number, request))
    )


def said(codec: Any, number: int, message: Any) -> bytes:
    """A device's message as it stands on the wire."""
    layout = codec.ANSWERS[type(message)]
    return encode_frame(codec.FORMAT, layout.kind, number, layout.encode(message))


async def cancelled_at(turn: int, operation: Coroutine[Any, Any, Any]) -> bool:
    """Cancel ``operation`` after ``turn`` turns of the loop; whether it was still running.

    Asserts that the cancellation comes back as a cancellation.
    """
    task = asyncio.create_task(operation)
    assert turn < 1000, "it never ends"
    for _ in range(turn):
        await asyncio.sleep(0)
    if task.done():
        task.result()
        return False
    task.cancel()
    await asyncio.wait((task,))
    assert task.cancelled(), task
    return True
