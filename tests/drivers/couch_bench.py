"""A couch driver and its scripted controller, in simulated time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from drivers.couch_grbl.driver import GrblCouchDriver
from gateway.domain.axes import Axis
from gateway.domain.delivery import CouchSample
from gateway.domain.errors import GatewayError
from gateway.ports.devices import CouchDriver
from tests.drivers.couch_peer import CouchPeer
from tests.drivers.peers import simulated
from tests.drivers.rooms import ROOM

LATERAL, LONGITUDINAL, VERTICAL = (
    Axis.COUCH_LATERAL,
    Axis.COUCH_LONGITUDINAL,
    Axis.COUCH_VERTICAL,
)


class CouchBench:
    """A driver, its scripted controller and what it told."""

    def __init__(self) -> None:
        self.peer = CouchPeer()
        self.samples: list[CouchSample] = []
        self.lost: list[GatewayError] = []
        self.driver: CouchDriver = GrblCouchDriver(self.peer.open, ROOM)

    async def connect(self) -> str:
        return await self.driver.connect(self.samples.append, self.lost.append)

    async def settle(self) -> None:
        """Let what was said arrive, between two polls."""
        await asyncio.sleep(0.001)


def on_couch(
    scenario: Callable[[CouchBench], Coroutine[Any, Any, None]], *, connected: bool = True
) -> None:
    async def whole() -> None:
        bench = CouchBench()
        if connected:
            await bench.connect()
        await scenario(bench)
        await bench.driver.aclose()
        assert all(stream.closed for stream in bench.peer.streams)

    simulated(whole())
