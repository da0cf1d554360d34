"""The two ends of one relayed association, and the deadlines of the client's."""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from gateway.adapters.guard.door import Door
from gateway.adapters.guard.inspector import Inspector
from gateway.adapters.guard.pdu import (
    A_ASSOCIATE_RQ,
    ABORT,
    HEADER,
    AssociateRequest,
    Breach,
    Rejection,
    associate_request,
)
from gateway.adapters.guard.worker_end import HIGH_WATER_BYTES, WorkerEnd
from gateway.domain.node import Limits

BUFFER_BYTES = 256 * 2**10
_RELEASE_S = 0.5


class Site(Protocol):
    """What a relay needs to know of the guard that it belongs to."""

    door: Door
    limits: Limits

    def pick_worker(self) -> Path:
        """The socket of the worker that takes the next association."""

    def told(self, relay: "ClientEnd", reason: str) -> None:
        """A client was turned away or cut off, and why."""

    def arrived(self, relay: "ClientEnd") -> None:
        """A client has connected, and has said nothing yet."""

    def settled(self, relay: "ClientEnd") -> None:
        """The client is no longer at the door: it was let in."""

    def gone(self, relay: "ClientEnd") -> None:
        """The relay has ended."""


class ClientEnd(asyncio.BufferedProtocol):
    """The side of the network: everything that comes is judged before it goes further."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._request = bytearray()
        self._inspector: Inspector | None = None
        self._worker: WorkerEnd | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._deadline_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._waiting_for = ""
        self._pdus = 0
        self._ended = False
        self.transport: asyncio.Transport | None = None
        self.address = ""
        self.request: AssociateRequest | None = None
        self.worker_path: Path | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected; over TLS, its handshake is done."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream's transport
        self.transport = transport
        transport.set_write_buffer_limits(HIGH_WATER_BYTES)
        peer = transport.get_extra_info("peername") or ("",)
        self.address = str(peer[0])
        self._loop = asyncio.get_running_loop()
        lifetime = self._site.limits.lifetime_s
        self._life = self._loop.call_later(lifetime, self._cut, f"it lasted {lifetime:g} s")
        self._await("its request", self._site.limits.header_s)
        self._watch()
        self._site.arrived(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the interface's
        """Where the next bytes go."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes have come."""
        try:
            if self._inspector is None:
                self._take_request(bytes(self._view[:nbytes]))
            else:
                self._take_data(self._view[:nbytes], self._inspector)
        except Breach as breach:
            self._cut(str(breach))

    def pause_writing(self) -> None:
        """The client reads slowly: nothing more is read from the worker."""
        if self._worker is not None:
            self._worker.pause()

    def resume_writing(self) -> None:
        """The client has caught up."""
        if self._worker is not None:
            self._worker.resume()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the interface's
        """The client is gone."""
        self._end()

    def answer(self, data: bytes) -> None:
        """The worker says something."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)
            if self._inspector is not None and self._inspector.complete:
                self._await("anything", self._site.limits.idle_s)

    def pause(self) -> None:
        """The worker reads slowly: nothing more is read from the client, which is not late then."""
        if self.transport is not None:
            self.transport.pause_reading()
            self._await("the worker", self._site.limits.idle_s)

    def resume(self) -> None:
        """The worker has caught up."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()
            self._await("the rest of a PDU", self._site.limits.body_s)

    def hang_up(self) -> None:
        """The worker has closed: so does this end, when all is written."""
        if self.transport is not None:
            self.transport.close()
            self._loop.call_later(_RELEASE_S, self.transport.abort)

    def evict(self) -> None:
        """Others are at the door, and this one has said nothing yet."""
        self._cut("it said nothing, and others came")

    def _take_request(self, data: bytes) -> None:
        limits = self._site.limits
        self._request += data
        if self._dialling is not None:
            if len(self._request) > limits.associate_bytes + BUFFER_BYTES:
                raise Breach("data before the association was accepted")
            return
        if len(self._request) < HEADER.size:
            return
        kind, length = HEADER.unpack_from(self._request)
        if kind != A_ASSOCIATE_RQ:
            raise Breach(f"a PDU of type {kind:02X} in place of an A-ASSOCIATE-RQ")
        if length > limits.associate_bytes:
            raise Breach(f"an A-ASSOCIATE-RQ of {length} bytes, at most {limits.associate_bytes}")
        whole = HEADER.size + length
        if len(self._request) < whole:
            self._await("the rest of its request", limits.body_s)
            return
        self._admit(associate_request(bytes(self._request[HEADER.size : whole])))

    def _admit(self, request: AssociateRequest) -> None:
        self.request = request
        rejection = self._site.door.judge(request, self.address, self._certificate())
        if rejection is not None:
            self._reject(rejection)
            return
        self._site.door.enter(request.calling_ae)
        self.worker_path = self._site.pick_worker()
        self._site.settled(self)
        self._await("its worker", self._site.limits.body_s)
        self._dialling = self._loop.create_task(self._dial(request, self.worker_path))

    async def _dial(self, request: AssociateRequest, path: Path) -> None:
        try:
            _, worker = await self._loop.create_unix_connection(lambda: WorkerEnd(self), str(path))
        except OSError:
            self._cut("its worker cannot be reached")
            return
        limits = self._site.limits
        self._worker = worker
        inspector = Inspector(request.contexts, limits.pdu_bytes, limits.message_bytes)
        length = HEADER.unpack_from(self._request)[1] + HEADER.size
        worker.write(bytes(self._request[:length]))
        self._inspector = inspector
        rest, self._request = bytes(self._request[length:]), bytearray()
        self._await("anything", limits.idle_s)
        if rest:
            try:
                self._take_data(memoryview(rest), inspector)
            except Breach as breach:
                self._cut(str(breach))

    def _take_data(self, data: memoryview, inspector: Inspector) -> None:
        inspector.feed(data)
        if self._worker is not None:
            self._worker.write(data)
        if inspector.complete:
            self._await("anything", self._site.limits.idle_s)
        elif inspector.pdus != self._pdus or self._waiting_for != "the rest of a PDU":
            self._pdus = inspector.pdus
            self._await("the rest of a PDU", self._site.limits.body_s)

    def _certificate(self) -> Mapping[str, Any] | None:
        connection = self.transport and self.transport.get_extra_info("ssl_object")
        if not isinstance(connection, ssl.SSLObject):
            return None
        return connection.getpeercert() or {}

    def _await(self, what: str, seconds: float) -> None:
        self._waiting_for = what
        self._deadline_s = self._loop.time() + seconds

    def _watch(self) -> None:
        """One timer that follows the deadline: moving it costs nothing."""
        left_s = self._deadline_s - self._loop.time()
        if left_s <= 0.0:
            self._cut(f"{self._waiting_for} did not come in time")
        else:
            self._timer = self._loop.call_later(left_s, self._watch)

    def _reject(self, rejection: Rejection) -> None:
        self._site.told(self, rejection.text)
        if self.transport is not None:
            self.transport.write(rejection.encoded())
        self._end()
        self.hang_up()

    def _cut(self, reason: str) -> None:
        if self._ended:
            return
        self._site.told(self, reason)
        if self.transport is not None and not self.transport.is_closing():
            if self.request is not None:
                self.transport.write(ABORT)
            self.hang_up()
        self._end()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._life.cancel()
        if self._timer is not None:
            self._timer.cancel()
        if self._dialling is not None and not self._dialling.done():
            self._dialling.cancel()
        if self._worker is not None:
            self._worker.close()
        if self.worker_path is not None and self.request is not None:
            self._site.door.leave(self.request.calling_ae)
        self._site.gone(self)
