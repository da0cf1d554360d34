"""The TLS handshake of one connection: counted, bounded, and told where it fails."""

import asyncio
import ssl

from gateway.adapters.guard.pdu import AssociateRequest
from gateway.adapters.guard.relay import ClientEnd
from gateway.adapters.guard.site import Site

_AWAY = "the client went away in the handshake"


class Handshake(asyncio.Protocol):
    """A connection until TLS is agreed on; a :class:`ClientEnd` goes on with it then."""

    request: AssociateRequest | None = None

    def __init__(self, site: Site, context: ssl.SSLContext) -> None:
        self._site = site
        self._context = context
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._evicted = ""
        self.address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream's transport
        self._transport = transport
        self.address = str((transport.get_extra_info("peername") or ("",))[0])
        self._site.arrived(self)
        self._task = asyncio.get_running_loop().create_task(self._shake(transport))

    def evict(self, reason: str) -> None:
        """Others are at the door, and this one is not through yet."""
        self._evicted = reason
        self.hang_up()

    def hang_up(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.abort()

    async def _shake(self, transport: asyncio.Transport) -> None:
        within_s = self._site.limits.handshake_s
        client = ClientEnd(self._site)
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport,
                client,
                self._context,
                server_side=True,
                ssl_handshake_timeout=within_s,
                ssl_shutdown_timeout=within_s,
            )
        except OSError as error:
            self._site.told(self, self._evicted or f"TLS: {_reason(error)}")
        else:
            if secured is None:
                self._site.told(self, self._evicted or f"TLS: {_AWAY}")
            else:
                client.connection_made(secured)
        finally:
            self._site.gone(self)
            self._task = None


def _reason(error: OSError) -> str:
    """In words that name what was wrong, and nothing that the client chose."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return (error.reason or "handshake failed").lower().replace("_", " ")
    if isinstance(error, ConnectionAbortedError):
        return "the handshake did not end in time"
    return _AWAY
