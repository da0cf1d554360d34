"""One connection to a broker, by aiomqtt (asyncio-mqtt's present name); used once."""

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiomqtt

from gateway.domain.errors import ConnectFailed, LinkLost

KEEPALIVE_S = 10
SEND_BUFFER_BYTES = 128 * 1024
"""What the kernel may hold of a broker that does not read: a second or two of telemetry."""

_OPTIONS = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES),
)


logging.getLogger("mqtt").setLevel(logging.CRITICAL)  # failures are told in one line, once


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is, and what it wants to know."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None
    client_id: str | None = None

    def __str__(self) -> str:
        return f"{'mqtt' if self.tls is None else 'mqtts'}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class LastWill:
    """What the broker says (retained) once this client is gone without a word."""

    topic: str
    payload: bytes


class _Client(aiomqtt.Client):
    """A client that can be left at once, whatever still waits for the broker."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._opened = asyncio.Event()
        self._thread = threading.get_ident()

    @property
    def gone(self) -> "asyncio.Future[None]":
        """Done once the connection is lost or closed."""
        return self._disconnected

    def _client_connect(self) -> None:
        """In a thread, which no cancellation ends."""
        try:
            super()._client_connect()
        finally:
            self._loop.call_soon_threadsafe(self._opened.set)

    def _on_socket_register_write(self, client: Any, userdata: Any, sock: Any) -> None:  # noqa: ARG002 - the base's
        """As the base's, at once where that is possible.

        Put off, its number may belong to another socket: the next connection's.
        """

        def write() -> None:
            try:
                client.loop_write()
            except (OSError, ValueError) as error:
                if not self._disconnected.done():
                    self._disconnected.set_exception(error)

        def register() -> None:
            if client.socket() is sock:
                self._loop.add_writer(sock, write)

        if threading.get_ident() == self._thread:
            register()
        else:
            self._loop.call_soon_threadsafe(register)

    def _on_disconnect(self, *what: Any, **more: Any) -> None:
        """A broker that hangs up instead of a welcome need not be waited for."""
        if self._connected.done():
            super()._on_disconnect(*what, **more)
        else:
            self._connected.set_exception(aiomqtt.MqttError("the broker has hung up"))

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        """Nothing that a broker sends has any effect."""

    async def enter(self) -> None:
        """Connect. Cancelled, it waits for the thread: what that opens is closed then."""
        entering = asyncio.create_task(self.__aenter__())
        try:
            await asyncio.shield(entering)
        except asyncio.CancelledError:
            await self._opened.wait()
            entering.cancel()
            await asyncio.wait((entering,))
            raise

    async def leave(self) -> None:
        """Close the socket, and wait for the client's own task."""
        self._client._sock_close()  # noqa: SLF001 - paho has no public way to drop a connection
        if self._misc_task is not None:
            self._misc_task.cancel()
            await asyncio.wait((self._misc_task,))
        for future in (self._connected, self._disconnected):
            if future.done() and not future.cancelled():
                future.exception()  # seen


class Connection:
    """Publishes; subscribes to nothing. Every wait ends with ``patience_s``."""

    def __init__(self, client: _Client, broker: Broker, patience_s: float) -> None:
        self._client = client
        self._broker = broker
        self._patience_s = patience_s

    def hurry(self, patience_s: float) -> None:
        """Whatever is still to be waited for may take no longer than this."""
        self._patience_s = self._client.timeout = min(self._patience_s, patience_s)

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False
    ) -> None:
        """Return once the kernel has it (QoS 0) or the broker has acknowledged it (QoS 1).

        Raises LinkLost where that does not come about in time.
        """
        try:
            await _heeding(
                self._client.publish(
                    topic, payload, qos=qos, retain=retain, timeout=self._patience_s
                )
            )
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise LinkLost(f"{self._broker}: {error}") from error

    async def lost(self) -> None:
        """Wait until the connection is gone, and raise LinkLost."""
        gone = self._client.gone
        await asyncio.wait((gone,))
        raise LinkLost(f"{self._broker}: the connection is gone")


@asynccontextmanager
async def connected(broker: Broker, will: LastWill, patience_s: float) -> AsyncIterator[Connection]:
    """A fresh client, connected. Raises ConnectFailed.

    Leaving it well says farewell to the broker; leaving it by an error drops the connection.
    """
    client = _Client(
        broker.host,
        broker.port,
        username=broker.user,
        password=broker.password,
        identifier=broker.client_id,
        will=aiomqtt.Will(will.topic, will.payload, qos=1, retain=True),
        clean_session=True,
        timeout=patience_s,
        keepalive=KEEPALIVE_S,
        tls_context=broker.tls,
        socket_options=_OPTIONS,
    )
    try:
        await _entered(client, broker)
        yield Connection(client, broker, patience_s)
        with contextlib.suppress(aiomqtt.MqttError, OSError):
            await _heeding(client.__aexit__(None, None, None))
    finally:
        await client.leave()


async def _entered(client: _Client, broker: Broker) -> None:
    try:
        await client.enter()
    except (aiomqtt.MqttError, OSError, ValueError) as error:
        raise ConnectFailed(f"{broker}: {error}") from error


async def _heeding(work: Coroutine[Any, Any, None]) -> None:
    """Await ``work``; a cancellation that comes as it ends is not lost in it.

    ``asyncio.wait_for`` of Python 3.11, which aiomqtt waits with, forgets one.
    """
    task = asyncio.current_task()
    asked = 0 if task is None else task.cancelling()
    await work
    if task is not None and task.cancelling() > asked:
        raise asyncio.CancelledError
