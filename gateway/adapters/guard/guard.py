"""What faces the network: takes connections, and relays what is allowed to a worker."""

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.adapters.guard.door import Door
from gateway.adapters.guard.relay import ClientEnd
from gateway.adapters.tls_profile import server_context
from gateway.domain.audit import AuditEvent, AuditKind
from gateway.domain.errors import ConnectFailed
from gateway.domain.node import Node

BACKLOG = 512
WAITING_BY_ASSOCIATION = 4
"""So many connections, for each association that is allowed, may be waiting to say who they are."""

_log = logging.getLogger(__name__)

Audit = Callable[[AuditEvent], None]


class Guard:
    """Relays associations of ``node`` to workers; implements :class:`relay.Site`.

    When too many connections wait at the door the one that has been silent longest is cut: who
    speaks at once is always heard.
    """

    def __init__(self, node: Node, workers: Sequence[Path], audit: Audit) -> None:
        self.door = Door(node)
        self.limits = node.limits
        self.refused: Counter[str] = Counter()
        self._node = node
        self._audit = audit
        self._load: Counter[Path] = Counter(dict.fromkeys(workers, 0))
        self._waiting: OrderedDict[ClientEnd, None] = OrderedDict()
        self._inside: set[ClientEnd] = set()
        self._server: asyncio.Server | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    async def start(self) -> int:
        """Listen; the port. Raises ConnectFailed, ConfigError."""
        node = self._node
        context = None if node.tls is None else await asyncio.to_thread(server_context, node.tls)
        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: ClientEnd(self),
                node.host,
                node.port,
                backlog=BACKLOG,
                ssl=context,
                ssl_handshake_timeout=None if context is None else self.limits.handshake_s,
                ssl_shutdown_timeout=None if context is None else self.limits.handshake_s,
            )
        except OSError as error:
            raise ConnectFailed(
                f"cannot listen on {node.host}:{node.port}: {error.strerror}"
            ) from error
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def aclose(self) -> None:
        """Take no more connections and end those there are; idempotent."""
        if self._server is not None:
            self._server.close()
        for client in (*self._waiting, *self._inside):
            client.hang_up()
        await self._empty.wait()

    def pick_worker(self) -> Path:
        """The worker with the fewest associations."""
        return min(self._load, key=lambda path: self._load[path])

    def arrived(self, relay: ClientEnd) -> None:
        """See Site."""
        self._waiting[relay] = None
        self._empty.clear()
        if len(self._waiting) > WAITING_BY_ASSOCIATION * self.limits.associations:
            next(iter(self._waiting)).evict()

    def settled(self, relay: ClientEnd) -> None:
        """See Site."""
        self._waiting.pop(relay, None)
        self._inside.add(relay)
        if relay.worker_path is not None:
            self._load[relay.worker_path] += 1
        self._tell(AuditKind.ASSOCIATION, relay, "")

    def told(self, relay: ClientEnd, reason: str) -> None:
        """See Site."""
        self.refused[reason] += 1
        _log.warning("%s: %s", relay.address, reason)
        self._tell(AuditKind.SECURITY_ALERT, relay, reason)

    def gone(self, relay: ClientEnd) -> None:
        """See Site."""
        self._waiting.pop(relay, None)
        if relay in self._inside:
            self._inside.discard(relay)
            if relay.worker_path is not None:
                self._load[relay.worker_path] -= 1
        if not self._waiting and not self._inside:
            self._empty.set()

    def _tell(self, kind: AuditKind, relay: ClientEnd, reason: str) -> None:
        request = relay.request
        self._audit(
            AuditEvent(
                kind,
                time.time_ns(),
                address=relay.address,
                calling_ae="" if request is None else request.calling_ae,
                called_ae="" if request is None else request.called_ae,
                reason=reason,
            )
        )


async def serve_guard(
    node: Node,
    workers: Sequence[Path],
    *,
    audit: Audit,
    ready: Callable[[int], None],
    stop: asyncio.Event,
) -> None:
    """Guard until ``stop``; ``ready`` is called with the port. Raises as Guard.start."""
    guard = Guard(node, workers, audit)
    ready(await guard.start())
    await stop.wait()
    await guard.aclose()
