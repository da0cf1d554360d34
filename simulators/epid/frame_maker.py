"""Who makes a panel's frames: slow work, in a thread of this process or in a process of its own."""

from typing import Protocol

from simulators.epid.messages import Exposure

FrameBytes = bytes | memoryview
"""A FRAME message. A view holds what it shows until it is let go."""


class FrameMaker(Protocol):
    """Makes the frames of one connection, one call at a time.

    Raises LinkLost where the frames are made by something that is gone: the imager is out of
    order then.
    """

    async def rehearse(self) -> None:
        """Get everything ready; may go on beside the first calls."""
        ...

    async def begin(self) -> None:
        """A new acquisition: what is left of the last one is lost."""
        ...

    async def expose(self, exposure: Exposure) -> FrameBytes | None:
        """Add to the image; the FRAME message when the exposure closes one."""
        ...

    def close(self) -> None:
        """The connection has ended: its images are let go."""
        ...


class FrameMakers(Protocol):
    """Makes frames for a room."""

    def connect(self) -> FrameMaker:
        """For a new connection."""
        ...

    def close(self) -> None:
        """The room has ended; idempotent."""
        ...
