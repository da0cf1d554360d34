"""What the connections of a guard share."""

from typing import Protocol

from gateway.adapters.guard.door import Door
from gateway.adapters.guard.passage import Passage
from gateway.adapters.guard.pdu import AssociateRequest
from gateway.adapters.guard.workers import Workers
from gateway.domain.node import Limits


class Caller(Protocol):
    """A connection, as far as it has come."""

    address: str
    request: AssociateRequest | None

    def evict(self, reason: str) -> None:
        """End it, for others' sake."""

    def hang_up(self) -> None:
        """End it."""


class Site(Protocol):
    """What a relay needs to know of the guard that it belongs to."""

    door: Door
    limits: Limits
    workers: Workers
    buffer: memoryview
    """Where every client's bytes come in: they are handed on before others come."""
    passage: Passage | None
    """What the bulk of data goes through in place of that, where the system can do it."""

    def told(self, caller: Caller, reason: str) -> None:
        """A client was turned away or cut off, and why."""

    def arrived(self, caller: Caller) -> None:
        """A client has connected, and has not said who it is."""

    def settled(self, caller: Caller) -> None:
        """The client is no longer at the door: it was let in."""

    def gone(self, caller: Caller) -> None:
        """The connection has ended, or another part of the guard goes on with it."""
