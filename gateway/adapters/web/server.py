"""uvicorn, with bounds on how long a request's head may take and on what a viewer may hold up."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.domain.errors import ConfigError, ConnectFailed

HEAD_S = 10.0
HEAD_BYTES = 16 * 1024
VIEWER_BYTES = 4096
"""What a viewer may say in one message: nothing is listened to."""
CONNECTIONS = 512
PING_S, PONG_S = 20.0, 60.0
SEND_BUFFER_BYTES = 256 * 1024
"""What the kernel holds for a viewer who does not read: more would only be older."""
STOP_S = 3


class BoundedProtocol(H11Protocol):
    """Closes a connection whose next request's head does not come in time."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As the base; the time begins."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """As the base; the time ends with the head."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._head_came()
        elif self._head_timer is None:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """As the base."""
        self._head_came()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self.transport.abort)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections. Raises ConnectFailed."""
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.create_server(address, family=family, backlog=128)
    except OSError as problem:
        raise ConnectFailed(f"web: cannot listen on {host}:{port}: {problem.strerror}") from problem
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return made


def require_certificate(certificate: Path, key: Path | None) -> None:
    """Raises ConfigError where they cannot be used."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except OSError as error:
        raise ConfigError(f"web: {certificate}: no usable certificate and key: {error}") from error


class _Quiet(uvicorn.Server):
    """A server whose process hears its signals itself."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As the base; then somebody is told."""
        await super().startup(sockets)
        self._ready()


async def serve_app(
    app: ASGIApp,
    on: socket.socket,
    ready: Callable[[], None],
    *,
    certificate: Path | None = None,
    key: Path | None = None,
) -> None:
    """Serve until cancelled; ``ready`` is called once it answers."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    config = uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws="wsproto",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=HEAD_BYTES,
        ws_max_size=VIEWER_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PONG_S,
        timeout_graceful_shutdown=STOP_S,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    server = _Quiet(config, ready)
    serving = asyncio.create_task(server._serve([on]), name="uvicorn")  # noqa: SLF001 - without its signals
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await asyncio.wait((serving,))
