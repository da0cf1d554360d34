"""The two ends of one relayed association, and the deadlines of the client's."""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.adapters.guard.deadline import Deadline
from gateway.adapters.guard.inspector import Inspector
from gateway.adapters.guard.pdu import (
    A_ASSOCIATE_RQ,
    ABORT,
    HEADER,
    NO_WORKER,
    AssociateRequest,
    Breach,
    Rejection,
    associate_request,
)
from gateway.adapters.guard.site import Site
from gateway.adapters.guard.stream import Stream
from gateway.adapters.guard.worker_end import HIGH_WATER_BYTES, WorkerEnd

_RELEASE_S = 0.5


class ClientEnd(asyncio.BufferedProtocol):
    """The side of the network: everything that comes is judged before it goes further."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._view = site.buffer
        self._request = bytearray()
        self._stream: Stream | None = None
        self._worker: WorkerEnd | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._deadline: Deadline | None = None
        self._request_begun = False
        self._pdus = 0
        self._answered = False
        self._inside = False
        self._ended = False
        self._worker_path: Path | None = None
        self.transport: asyncio.Transport | None = None
        self.address = ""
        self.request: AssociateRequest | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected; over TLS, its handshake is done, and bytes may have come."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream's transport
        self.transport = transport
        transport.set_write_buffer_limits(HIGH_WATER_BYTES)
        peer = transport.get_extra_info("peername") or ("",)
        self.address = str(peer[0])
        self._loop = asyncio.get_running_loop()
        self._deadline = Deadline(self._cut, self._site.limits.lifetime_s)
        self._await("its request", self._site.limits.header_s)
        self._site.arrived(self)
        if self._request:
            self._take(b"")

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the interface's
        """Where the next bytes go."""
        return self._view if self._stream is None else self._stream.wanted

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes have come."""
        if self.transport is None:
            self._request += self._view[:nbytes]
        else:
            self._take(self._view[:nbytes])

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
        self._answered = True
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)
            if self._stream is not None and self._stream.inspector.complete:
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
            self._await_next()

    def hang_up(self) -> None:
        """The worker has closed: so does this end, when all is written."""
        if self.transport is not None:
            self.transport.close()
            self._loop.call_later(_RELEASE_S, self.transport.abort)

    def evict(self, reason: str) -> None:
        """Others are at the door, and this one has not said who it is."""
        self._cut(reason)

    def _take(self, data: bytes | memoryview) -> None:
        try:
            if self._dialling is None:
                self._take_request(data)
            elif self._stream is None or not self._answered:
                raise Breach("data before the association was accepted")
            else:
                self._take_data(len(data), self._stream)
        except Breach as breach:
            self._cut(str(breach))

    def _take_request(self, data: bytes | memoryview) -> None:
        limits = self._site.limits
        self._request += data
        if len(self._request) < HEADER.size:
            return
        kind, length = HEADER.unpack_from(self._request)
        if kind != A_ASSOCIATE_RQ:
            raise Breach(f"a PDU of type {kind:02X} in place of an A-ASSOCIATE-RQ")
        if length > limits.associate_bytes:
            raise Breach(f"an A-ASSOCIATE-RQ of {length} bytes, at most {limits.associate_bytes}")
        whole = HEADER.size + length
        if len(self._request) > whole:
            raise Breach("data before the association was accepted")
        if len(self._request) < whole:
            if not self._request_begun:
                self._request_begun = True
                self._await("the rest of its request", limits.body_s)
            return
        self._admit(associate_request(bytes(self._request[HEADER.size :])))

    def _admit(self, request: AssociateRequest) -> None:
        self.request = request
        rejection = self._site.door.judge(request, self.address, self._certificate())
        if rejection is not None:
            self._reject(rejection)
            return
        self._inside = True
        self._site.door.enter(request.calling_ae)
        self._site.settled(self)
        self._await("its worker", self._site.limits.body_s)
        self._dialling = self._loop.create_task(self._dial(request))

    async def _dial(self, request: AssociateRequest) -> None:
        worker = await self._dialled()
        if worker is None:
            self._reject(NO_WORKER)
            return
        limits = self._site.limits
        self._worker = worker
        inspector = Inspector(request.contexts, limits.pdu_bytes, limits.message_bytes)
        self._stream = self._joined(worker, inspector)
        worker.write(self._request)
        self._request.clear()
        self._await_next()

    async def _dialled(self) -> WorkerEnd | None:
        """A worker that answers: one that has just ended is started anew meanwhile."""
        tried: set[Path] = set()
        while (path := self._site.workers.take(tried)) is not None:
            tried.add(path)
            self._worker_path = path
            try:
                return await WorkerEnd.dialled(self, path)
            except OSError:
                self._worker_path = None
                self._site.workers.leave(path)
        return None

    def _joined(self, worker: WorkerEnd, inspector: Inspector) -> Stream:
        """Over TLS what is handed on is not what comes over the network."""
        assert self.transport is not None  # noqa: S101 - its request came over it
        is_plain = self.transport.get_extra_info("ssl_object") is None
        connection = self.transport.get_extra_info("socket").fileno()
        passage = self._site.passage if is_plain else None
        return Stream(inspector, worker, self._view, passage, connection)

    def _take_data(self, size_bytes: int, stream: Stream) -> None:
        stream.take(size_bytes)
        if stream.inspector.complete or stream.inspector.pdus != self._pdus:
            self._pdus = stream.inspector.pdus
            self._await_next()

    def _await_next(self) -> None:
        limits = self._site.limits
        if self._stream is None or self._stream.inspector.complete:
            self._await("anything", limits.idle_s)
        else:
            self._await("the rest of a PDU", limits.body_s)

    def _certificate(self) -> Mapping[str, Any] | None:
        connection = self.transport and self.transport.get_extra_info("ssl_object")
        if not isinstance(connection, ssl.SSLObject):
            return None
        return connection.getpeercert() or {}

    def _await(self, what: str, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.move(what, seconds)

    def _reject(self, rejection: Rejection) -> None:
        self._site.told(self, rejection.text)
        self._end()
        if self.transport is not None:
            self.transport.write(rejection.encoded())
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
        if self._deadline is not None:
            self._deadline.cancel()
        if self._dialling is not None and not self._dialling.done():
            self._dialling.cancel()
        if self._worker is not None:
            self._worker.close()
        if self._worker_path is not None:
            self._site.workers.leave(self._worker_path)
        if self._inside and self.request is not None:
            self._site.door.leave(self.request.calling_ae)
        self._site.gone(self)
