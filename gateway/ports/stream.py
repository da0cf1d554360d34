"""The one way bytes reach a device or a simulated device."""

from typing import Protocol


class ByteStream(Protocol):
    """An ordered, reliable byte pipe. Lost once, it stays lost."""

    async def receive(self) -> bytes:
        """The next bytes, at least one; ``b""`` when the other side has closed.

        Raises :class:`gateway.domain.errors.LinkLost` when the link broke.
        """
        ...

    async def send(self, data: bytes) -> None:
        """Hand all of ``data`` over; returns when it may be followed by more.

        Raises :class:`gateway.domain.errors.LinkLost` when the link broke or is closed.
        """
        ...

    def offer(self, data: bytes, /) -> bool:
        """Hand all of ``data`` over now; False, and nothing is taken, where that takes a wait.

        For those who have no other bytes under way on this stream. Never raises: a link that is
        lost takes nothing, and :meth:`send` says so.
        """
        ...

    async def aclose(self) -> None:
        """Close; idempotent, never raises."""
        ...


class StreamOpener(Protocol):
    """Opens a fresh stream to one device, each time it is called."""

    async def __call__(self) -> ByteStream:
        """Raises :class:`gateway.domain.errors.ConnectFailed`."""
        ...
