"""A connected imager driver on a rig."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from drivers.testing.loss import Losses
from drivers.testing.rig import ImagerAccess, ImagerRig
from drivers.testing.verdict import require
from gateway.domain.delivery import PanelIdentity, PortalFrame

C = TypeVar("C")


class ImagerBench:
    """What a scenario works with: ``driver`` is connected, frames and losses are kept."""

    def __init__(self, access: ImagerAccess) -> None:
        self.access = access
        self.room = access.room
        self.driver = access.driver()
        self.frames: list[PortalFrame] = []
        self.losses = Losses()
        self.identity: PanelIdentity

    async def connect(self) -> None:
        """Connect (again), with nothing kept from before."""
        self.frames, self.losses = [], Losses()
        self.identity = await self.driver.connect(self.frames.append, self.losses.tell)

    @property
    def grace_s(self) -> float:
        """How long anything may take that is to happen at once."""
        return self.room.bounds.reply_timeout_s + self.access.slack_s

    def check_frame(self, frame: PortalFrame) -> None:
        """The frame has the panel's form and what a frame must have."""
        form = (self.identity.rows, self.identity.columns)
        require(
            frame.pixels.shape == form, f"a frame of {frame.pixels.shape}, the panel has {form}"
        )
        require(not frame.pixels.flags.writeable, "the pixels of a frame can be written")
        require(frame.cu_per_count > 0, "a frame has no scale")
        require(frame.end_time_ns > frame.start_time_ns, "a frame ends before it begins")
        require(frame.end_meterset_mu >= frame.start_meterset_mu, "a frame's meterset goes back")
        require(int(frame.pixels.max()) > 0, "a frame of a beam is empty")


Scenario = Callable[[C, ImagerBench], Awaitable[None]]


def on_imager(scenario: Scenario[C]) -> Callable[[C, ImagerRig], None]:
    """Make a test of a scenario: it runs over ``rig`` with a connected driver."""

    def test(self: C, rig: ImagerRig) -> None:
        async def whole(access: ImagerAccess) -> None:
            bench = ImagerBench(access)
            await bench.connect()
            await scenario(self, bench)

        rig.run(whole)

    test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
    return test
