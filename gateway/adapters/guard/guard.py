"""What faces the network: takes connections, and relays what is allowed to a worker."""

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.adapters.guard import passage
from gateway.adapters.guard.door import Door
from gateway.adapters.guard.handshake import Handshake
from gateway.adapters.guard.relay import ClientEnd
from gateway.adapters.guard.site import Caller
from gateway.adapters.guard.workers import Workers
from gateway.adapters.tls_profile import server_context
from gateway.domain.audit import AuditEvent, AuditKind
from gateway.domain.errors import ConnectFailed
from gateway.domain.node import Node

BACKLOG = 512
BUFFER_BYTES = 256 * 2**10
WAITING_BY_ASSOCIATION = 4
"""So many connections, for each association that is allowed, may be waiting to say who they are."""
CROWD = 4
"""So many times that, for a moment: what has just come may have spoken, unheard yet."""
MOMENT_S = 0.2
CROWDED_OUT = "it did not say who it is, and others came"

_log = logging.getLogger(__name__)

Audit = Callable[[AuditEvent], None]


class Guard:
    """Relays associations of ``node`` to workers; a :class:`site.Site`.

    When too many connections wait at the door the one that has been silent longest is cut: who
    speaks at once is always heard.
    """

    def __init__(self, node: Node, workers: Sequence[Path], audit: Audit) -> None:
        self.door = Door(node)
        self.limits = node.limits
        self.workers = Workers(workers)
        self.buffer = memoryview(bytearray(BUFFER_BYTES))
        self.passage = passage.Passage() if passage.AVAILABLE else None
        self.refused: Counter[str] = Counter()
        self._node = node
        self._audit = audit
        self._waiting: OrderedDict[Caller, None] = OrderedDict()
        self._most_waiting = WAITING_BY_ASSOCIATION * node.limits.associations
        self._thinning: asyncio.TimerHandle | None = None
        self._inside: set[Caller] = set()
        self._server: asyncio.Server | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    async def start(self) -> int:
        """Listen; the port. Raises ConnectFailed, ConfigError."""
        node = self._node
        context = None if node.tls is None else await asyncio.to_thread(server_context, node.tls)
        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: ClientEnd(self) if context is None else Handshake(self, context),
                node.host,
                node.port,
                backlog=BACKLOG,
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
        for caller in (*self._waiting, *self._inside):
            caller.hang_up()
        await self._empty.wait()
        if self._thinning is not None:
            self._thinning.cancel()
        if self.passage is not None:
            self.passage.close()
            self.passage = None

    def arrived(self, caller: Caller) -> None:
        """See Site."""
        self._waiting[caller] = None
        self._empty.clear()
        if len(self._waiting) > CROWD * self._most_waiting:
            next(iter(self._waiting)).evict(CROWDED_OUT)
        elif len(self._waiting) > self._most_waiting and self._thinning is None:
            self._thinning = asyncio.get_running_loop().call_later(MOMENT_S, self._thin)

    def settled(self, caller: Caller) -> None:
        """See Site."""
        self._waiting.pop(caller, None)
        self._inside.add(caller)
        self._tell(AuditKind.ASSOCIATION, caller, "")

    def told(self, caller: Caller, reason: str) -> None:
        """See Site."""
        self.refused[reason] += 1
        _log.warning("%s: %s", caller.address, reason)
        self._tell(AuditKind.SECURITY_ALERT, caller, reason)

    def gone(self, caller: Caller) -> None:
        """See Site."""
        self._waiting.pop(caller, None)
        self._inside.discard(caller)
        if not self._waiting and not self._inside:
            self._empty.set()

    def _thin(self) -> None:
        self._thinning = None
        for caller in tuple(self._waiting)[: -self._most_waiting]:
            caller.evict(CROWDED_OUT)

    def _tell(self, kind: AuditKind, caller: Caller, reason: str) -> None:
        request = caller.request
        self._audit(
            AuditEvent(
                kind,
                time.time_ns(),
                address=caller.address,
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
