"""The node's listener: one pynetdicom application entity with the services it is given.

It listens on a Unix-domain socket that the guard connects to. Nothing of the network is near: who
calls, over what, and how much, the guard has looked at.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from pydicom.uid import UID
from pynetdicom import _config, evt
from pynetdicom.transport import ThreadedAssociationServer

from gateway.adapters.dicomnet.handover import NodeEntity
from gateway.adapters.dicomnet.incoming import Begin
from gateway.adapters.dicomnet.server_provider import NodeRequestHandler
from gateway.adapters.dicomnet.service import Service, accept
from gateway.dicom.sop_classes import COMPRESSED, DEFLATED, STORAGE
from gateway.domain.errors import ConfigError
from gateway.domain.node import Node

LONGEST_PATH = 100
"""A Unix-domain socket's path has 108 bytes at most."""
BACKLOG = 64
ACSE_S = 10.0
ENDING = 8
"""The guard counts who is inside; here are those too whose end takes a moment."""
DIMSE_S = 60.0
AFTER_THE_GUARD = 2
"""Who says nothing is the guard's to end, which waits so many times shorter."""
READERS = ("pynetdicom.dul", "pynetdicom.fsm", "pynetdicom.dimse", "pynetdicom.utils")
"""Loggers that tell of bytes that came with tracebacks; what follows of them is logged here."""
QUERIES = frozenset({"C-FIND", "C-MOVE", "C-GET"})
_NOWHERE = ("127.0.0.1", 0)

Handlers = Sequence[tuple[Any, Any]]


def require_syntaxes(node: Node) -> None:
    """Raises ConfigError where a peer may send in a syntax that this node does not take."""
    for peer in node.peers.values():
        for syntax in peer.transfer_syntaxes:
            if syntax not in COMPRESSED:
                raise ConfigError(
                    f"node {node.name}: peers.{peer.ae_title}.transfer_syntaxes: {syntax} is none"
                    f" of {', '.join(COMPRESSED)}"
                )


class UnixServer(ThreadedAssociationServer):
    """pynetdicom's server on a Unix-domain socket."""

    request_queue_size = BACKLOG
    daemon_threads = True

    def __init__(self, entity: NodeEntity, path: Path, handlers: Handlers) -> None:
        self.path = path
        super().__init__(
            entity,
            _NOWHERE,
            entity.ae_title,
            entity.supported_contexts,
            evt_handlers=list(handlers),
            request_handler=NodeRequestHandler,
        )

    def server_bind(self) -> None:
        """A socket of another family in place of the base's."""
        if self.socket is not None:
            self.socket.close()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            self.socket.bind(str(self.path))
        finally:
            os.umask(mask)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """A connection; it comes from this machine."""
        assert self.socket is not None  # noqa: S101 - bound before anything is accepted
        connection, _ = self.socket.accept()
        return connection, _NOWHERE


class Listener:
    """Serves ``services`` until it is closed."""

    def __init__(
        self, node: Node, services: Iterable[Service], path: Path, begin: Begin | None = None
    ) -> None:
        """On the socket ``path``; objects are received into what ``begin`` makes.

        Raises ConfigError for a path that no socket can have, and as :func:`require_syntaxes`.
        """
        require_syntaxes(node)
        if len(os.fsencode(path)) > LONGEST_PATH:
            raise ConfigError(f"{path}: too long a path for a socket")
        _config.LOG_HANDLER_LEVEL = "none"
        _config.UNRESTRICTED_STORAGE_SERVICE = False
        for name in READERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        entity = NodeEntity(ae_title=node.ae_title)
        entity.begin = begin
        entity.maximum_pdu_size = node.limits.pdu_bytes
        entity.maximum_associations = ENDING * node.limits.associations
        entity.acse_timeout = ACSE_S
        entity.dimse_timeout = DIMSE_S
        entity.network_timeout = AFTER_THE_GUARD * node.limits.idle_s
        services = tuple(services)
        entity.queries = {
            uid: dimse for one in services for dimse, uid in one.handlers if dimse in QUERIES
        }
        handlers = accept(entity, services)
        offered = _by_peer(node)

        def for_peer(event: evt.Event) -> None:
            request = event.assoc.requestor.primitive
            caller = "" if request is None else str(request.calling_ae_title).strip()
            _offer(event, offered(caller))

        handlers.append((evt.EVT_REQUESTED, for_peer))
        self._server = UnixServer(entity, path, handlers)
        entity._servers.append(self._server)  # noqa: SLF001 - as its start_server does
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, name="listener"
        )
        self._thread.start()

    def close(self) -> None:
        """Take no more associations, abort those there are. Idempotent."""
        if not self._thread.is_alive():
            return
        left = self._server.active_associations
        self._server.shutdown()
        self._thread.join()
        for association in left:
            association.abort()
            association.join()
        self._server.path.unlink(missing_ok=True)


def _by_peer(node: Node) -> Callable[[str], tuple[str, ...]]:
    def offered(ae_title: str) -> tuple[str, ...]:
        peer = node.peers.get(ae_title)
        return () if peer is None else peer.transfer_syntaxes

    return offered


def _offer(event: evt.Event, syntaxes: Sequence[str]) -> None:
    """Take these syntaxes too, in this association, where they make sense."""
    wanted = [UID(syntax) for syntax in syntaxes]
    pixels = {row.uid: row.pixels for row in STORAGE}
    for context in event.assoc.acceptor.supported_contexts:
        if context.abstract_syntax in pixels:
            for syntax in wanted:
                if syntax == DEFLATED or pixels[context.abstract_syntax]:
                    context.add_transfer_syntax(syntax)
