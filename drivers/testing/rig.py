"""What the kit needs of a rig: a device at the other end of real bytes, and a loop to run on."""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from gateway.domain.room import Room
from gateway.ports.devices import CouchDriver, ImagerDriver, LinacDriver


class Access(Protocol):
    """The running rig, as a scenario sees it.

    ``slack_s`` is how late this rig's loop and link may be: 0 in simulated time.
    """

    room: Room
    slack_s: float

    def cut(self) -> None:
        """Break every open link to the device under test, as a pulled cable does."""
        ...

    def babble(self, data: bytes) -> None:
        """Let the driver under test receive ``data`` as if the device had sent it."""
        ...


class LinacAccess(Access, Protocol):
    """A rig with a linac controller."""

    def driver(self) -> LinacDriver:
        """A new driver that is not connected; the rig closes it at the end."""
        ...


class CouchAccess(Access, Protocol):
    """A rig with a couch."""

    def driver(self) -> CouchDriver:
        """A new driver that is not connected; the rig closes it at the end."""
        ...


class ImagerAccess(Access, Protocol):
    """A rig with a portal imager and something that makes a beam."""

    def driver(self) -> ImagerDriver:
        """A new driver that is not connected; the rig closes it at the end."""
        ...

    async def expose(self) -> tuple[float, float]:
        """Deliver a small photon beam onto the panel; its first and last meterset (MU)."""
        ...


class LinacRig(Protocol):
    """Runs a scenario against a linac controller."""

    def run(self, scenario: Callable[[LinacAccess], Coroutine[Any, Any, None]]) -> None:
        """Host the device, run, close everything; raises what ``scenario`` raises.

        Bounded: a scenario that does not end raises TimeoutError.
        """
        ...


class CouchRig(Protocol):
    """Runs a scenario against a couch."""

    def run(self, scenario: Callable[[CouchAccess], Coroutine[Any, Any, None]]) -> None:
        """As :meth:`LinacRig.run`."""
        ...


class ImagerRig(Protocol):
    """Runs a scenario against a portal imager."""

    def run(self, scenario: Callable[[ImagerAccess], Coroutine[Any, Any, None]]) -> None:
        """As :meth:`LinacRig.run`."""
        ...
