"""A scripted couch and a scripted imager, as the linac of fakes."""

import asyncio
from collections.abc import Callable, Mapping

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.delivery import (
    CouchSample,
    FrameKind,
    PanelIdentity,
    PortalFrame,
)
from gateway.domain.errors import GatewayError
from gateway.domain.units import NS_PER_S
from tests.delivery.fakes import COUCH_MM, WIRE_S


class Couch:
    """A couch that stands where it is told to stand."""

    def __init__(self) -> None:
        self.at_mm: dict[Axis, float] = dict(COUCH_MM)
        self.silent = False
        self._polls: asyncio.Task[None] | None = None
        self.on_lost: Callable[[GatewayError], None] | None = None

    async def connect(
        self,
        on_sample: Callable[[CouchSample], None],
        on_lost: Callable[[GatewayError], None],
    ) -> str:
        await asyncio.sleep(WIRE_S)
        self.on_lost = on_lost
        self._polls = asyncio.create_task(self._poll(on_sample))
        return "couch"

    async def position(self) -> Mapping[Axis, float]:
        await asyncio.sleep(WIRE_S)
        return dict(self.at_mm)

    async def move_to(self, target_mm: Mapping[Axis, float], timeout_s: float) -> None:
        await asyncio.sleep(WIRE_S)
        self.at_mm |= target_mm

    async def stop(self) -> None:
        return

    async def aclose(self) -> None:
        if self._polls is not None:
            self._polls.cancel()
            await asyncio.wait((self._polls,))

    async def _poll(self, on_sample: Callable[[CouchSample], None]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.1)
            if not self.silent:
                now_ns = round(loop.time() * NS_PER_S)
                on_sample(CouchSample(now_ns, dict(self.at_mm), moving=False))


class Imager:
    """A panel that sends one small frame when it is finished; ``failures`` raise."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.failures: dict[str, GatewayError] = {}
        self.frame_of: int | None = None
        self._beam = 0
        self._on_frame: Callable[[PortalFrame], None] | None = None
        self.on_lost: Callable[[GatewayError], None] | None = None

    async def connect(
        self,
        on_frame: Callable[[PortalFrame], None],
        on_lost: Callable[[GatewayError], None],
    ) -> PanelIdentity:
        await asyncio.sleep(WIRE_S)
        self._on_frame, self.on_lost = on_frame, on_lost
        return PanelIdentity("m", "n", "1", "1", 2, 2, 1.0, 1000.0, 16)

    async def start(self, beam_number: int, kind: FrameKind, frame_rate_hz: float) -> None:
        await asyncio.sleep(WIRE_S)
        self._fail("start")
        self._beam = beam_number

    async def finish(self, timeout_s: float) -> int:
        self.log.append("finish")
        await asyncio.sleep(WIRE_S)
        self._fail("finish")
        assert self._on_frame is not None
        number = self._beam if self.frame_of is None else self.frame_of
        pixels = np.zeros((2, 2), dtype=np.uint16)
        self._on_frame(PortalFrame(FrameKind.INTEGRATED, number, 1, 0, 1, 0.0, 1.0, 1.0, 0, pixels))
        return 1

    async def aclose(self) -> None:
        return

    def _fail(self, command: str) -> None:
        if command in self.failures:
            raise self.failures[command]
