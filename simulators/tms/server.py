"""An application entity that listens in a thread of its own, and ends promptly."""

import ssl
import threading
from collections.abc import Callable, Iterable
from socketserver import BaseServer
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from simulators.tms.ending import end
from simulators.tms.entity import Socket
from simulators.tms.lasting import made_lasting

POLL_S = 0.02


class Server:
    """Accepts associations for ``entity`` from when it is made until it is stopped."""

    def __init__(
        self,
        entity: AE,
        address: tuple[str, int],
        handlers: Iterable[tuple[evt.EventType, Callable[[evt.Event], Any]]],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Raises OSError where the address cannot be listened on."""
        self._entity = entity
        self._server = entity.make_server(
            address,
            ssl_context=tls,
            evt_handlers=[(evt.EVT_CONN_OPEN, _prepare), *handlers],
            server_class=ThreadedAssociationServer,
            request_handler=_Handler,
        )
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": POLL_S},
            name=f"tms-server-{self.port}",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the port, and abort every association of the entity."""
        BaseServer.shutdown(self._server)
        self._thread.join()
        self._server.server_close()
        for association in self._entity.active_associations:
            end(association)


class _Handler(RequestHandler):
    """Makes associations whose connections are closed, whatever the peer did to them."""

    def _create_association(self) -> Association:
        made: Association = super()._create_association()
        made.dul.socket.__class__ = Socket  # pynetdicom names its own class
        return made


def _prepare(event: evt.Event) -> None:
    """Before an association begins.

    Pynetdicom's own handler of what is received fails at an N-GET of all attributes. It comes
    first, and those after it would not be called.
    """
    made_lasting(event.assoc)
    bound: Any = event.assoc.get_handlers(evt.EVT_DIMSE_RECV)
    for handler, _ in list(bound):
        if handler.__module__.startswith("pynetdicom."):
            event.assoc.unbind(evt.EVT_DIMSE_RECV, handler)
