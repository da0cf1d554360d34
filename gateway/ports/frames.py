"""Where portal frames go as they arrive."""

from typing import Protocol

from gateway.domain.delivery import PortalFrame


class FrameSink(Protocol):
    """Keeps frames outside of memory: a cine run is larger than a machine's memory."""

    def put(self, frame: PortalFrame) -> None:
        """Take a frame; returns at once. A frame that cannot be kept is told by ``flush``."""
        ...

    async def flush(self) -> None:
        """Wait until every frame taken is on disk. Raises StoreError."""
        ...
