"""A conversation of numbered requests over one link: LCP/1 and PFP/1 share it."""

import asyncio
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from drivers.ledger import Reply
from drivers.link import Link
from gateway.domain.errors import ConnectFailed, GatewayError, LinkLost, ReplyTimeout
from gateway.ports.stream import ByteStream, StreamOpener

Q = TypeVar("Q")
Q_contra = TypeVar("Q_contra", contravariant=True)
A = TypeVar("A")
P = TypeVar("P")


class Conversation(Protocol[Q_contra, A, P]):
    """The sans-IO state of one connection: requests Q, answers A, pushed messages P."""

    def send(self, request: Q_contra) -> tuple[int, bytes]:
        """The request's number and bytes."""
        ...

    def receive(self, data: bytes) -> list[Reply[A] | P]:
        """What ``data`` completes. Raises RemoteProtocolError."""
        ...

    def check(self) -> None:
        """Raises RemoteProtocolError for what stood behind the messages that came last."""
        ...


async def open_within(open_stream: StreamOpener, timeout_s: float) -> ByteStream:
    """A fresh stream. Raises ConnectFailed, also when opening takes longer than ``timeout_s``."""
    try:
        async with asyncio.timeout(timeout_s):
            return await open_stream()
    except TimeoutError:
        raise ConnectFailed(f"the device's link did not open within {timeout_s:g} s") from None


class Session(Generic[Q, A, P]):
    """One connection: any number of requests wait at once, each for its own answer.

    ``on_push`` takes what comes unasked. When the link is lost every waiting request raises the
    error, then ``on_lost`` is told.
    """

    def __init__(
        self,
        stream: ByteStream,
        conversation: Conversation[Q, A, P],
        on_push: Callable[[P], None],
        on_lost: Callable[[GatewayError], None],
    ) -> None:
        self._conversation = conversation
        self._on_push = on_push
        self._on_lost = on_lost
        self._waiting: dict[int, asyncio.Future[A | GatewayError]] = {}
        self._link = Link(stream, self._receive, self._lose)

    def check(self) -> None:
        """Raises LinkLost when the link is gone."""
        self._link.check()

    def post(self, request: Q) -> int:
        """Send a request and wait for nothing; its number. Raises LinkLost, LocalProtocolError."""
        self._link.check()
        number, frame = self._conversation.send(request)
        self._link.write(frame)
        return number

    async def ask(self, request: Q, timeout_s: float) -> A:
        """Send a request once and wait for its answer.

        Raises ReplyTimeout, MachineFault (refused) and whatever ended the link. Cancelled, it
        gives up waiting; the request is not taken back.
        """
        number = self.post(request)
        waiting: asyncio.Future[A | GatewayError] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        try:
            async with asyncio.timeout(timeout_s):
                outcome = await waiting
        except TimeoutError:
            raise ReplyTimeout(
                f"no answer to {type(request).__name__} within {timeout_s:g} s"
            ) from None
        finally:
            del self._waiting[number]
        if isinstance(outcome, GatewayError):
            raise outcome
        return outcome

    async def drain(self, timeout_s: float) -> None:
        """Wait until the device has taken most of what was posted. Raises ReplyTimeout."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._link.drain()
        except TimeoutError:
            raise ReplyTimeout(f"the device took no bytes for {timeout_s:g} s") from None

    async def aclose(self, timeout_s: float) -> None:
        """Close; whoever still waits gets LinkLost. Idempotent, never raises."""
        self._fail(LinkLost("closed by this side"))
        await self._link.aclose(timeout_s)

    def _receive(self, data: bytes) -> None:
        for item in self._conversation.receive(data):
            if isinstance(item, Reply):
                self._answer(item)
            else:
                self._on_push(item)
        self._conversation.check()

    def _answer(self, reply: Reply[A]) -> None:
        waiting = self._waiting.get(reply.number)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply.outcome)

    def _lose(self, error: GatewayError) -> None:
        self._fail(error)
        self._on_lost(error)

    def _fail(self, error: GatewayError) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(error)
