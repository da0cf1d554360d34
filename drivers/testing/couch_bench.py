"""A connected couch driver on a rig, and the steps that contracts are made of."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from drivers.testing.loss import Losses
from drivers.testing.rig import CouchAccess, CouchRig
from drivers.testing.verdict import ContractBroken, require
from gateway.domain.axes import Axis
from gateway.domain.delivery import CouchSample

C = TypeVar("C")

STEP_MM = 10.0
LONG_STEP_MM = 60.0
ON_TARGET_MM = 0.05


class CouchBench:
    """What a scenario works with: ``driver`` is connected, samples and losses are kept."""

    def __init__(self, access: CouchAccess) -> None:
        self.access = access
        self.room = access.room
        self.driver = access.driver()
        self.name = ""
        self.samples: list[CouchSample] = []
        self.losses = Losses()
        self._sampled = asyncio.Event()

    async def connect(self) -> None:
        """Connect (again), with nothing kept from before."""
        self.samples, self.losses = [], Losses()
        self.name = await self.driver.connect(self._keep, self.losses.tell)

    @property
    def grace_s(self) -> float:
        """How long anything may take that is to happen at once."""
        return (
            self.room.bounds.reply_timeout_s
            + 3 * self.room.couch.poll_period_s
            + self.access.slack_s
        )

    @property
    def stopping_time_s(self) -> float:
        """Long enough for every axis to be told to stop and to brake."""
        limits = [self.room.couch.axes[axis] for axis in self.axes()]
        ramps_s = max(limit.speed / limit.acceleration for limit in limits)
        return ramps_s + 3 * self.room.couch.poll_period_s + self.access.slack_s

    def axes(self) -> tuple[Axis, ...]:
        """The axes that the room says the couch drives."""
        return tuple(self.room.couch_axes)

    async def target(self, step_mm: float) -> dict[Axis, float]:
        """Every axis ``step_mm`` from where it stands, towards the middle of its travel."""
        here = await self.driver.position()
        limits = self.room.couch.axes
        return {
            axis: here[axis] + step_mm * self._inwards(here[axis], axis)
            for axis in self.axes()
            if limits[axis].maximum - limits[axis].minimum > 2 * step_mm
        }

    def move_time_s(self, step_mm: float) -> float:
        """Long enough for ``step_mm`` of the slowest axis from rest to rest."""
        slowest = min(self.room.couch.axes[axis].speed for axis in self.axes())
        return step_mm / slowest + 2 * self.stopping_time_s + self.grace_s

    async def until_moving(self) -> CouchSample:
        """The first sample from now on that shows motion."""
        seen = len(self.samples)
        try:
            async with asyncio.timeout(self.grace_s):
                while True:
                    for sample in self.samples[seen:]:
                        if sample.moving:
                            return sample
                    seen = len(self.samples)
                    self._sampled.clear()
                    await self._sampled.wait()
        except TimeoutError:
            raise ContractBroken("no sample shows that the couch moves") from None

    async def check_at_rest(self, why: str) -> Mapping[Axis, float]:
        """Two positions, some polls apart, are the same; where that is."""
        before = await self.driver.position()
        await asyncio.sleep(3 * self.room.couch.poll_period_s)
        after = await self.driver.position()
        for axis in self.axes():
            require(
                abs(after[axis] - before[axis]) <= ON_TARGET_MM,
                f"{axis} went from {before[axis]:.3f} to {after[axis]:.3f} mm {why}",
            )
        require(not self.samples[-1].moving, f"the couch says it moves {why}")
        return after

    def _keep(self, sample: CouchSample) -> None:
        self.samples.append(sample)
        self._sampled.set()

    def _inwards(self, position: float, axis: Axis) -> float:
        limit = self.room.couch.axes[axis]
        return 1.0 if position < (limit.minimum + limit.maximum) / 2 else -1.0


Scenario = Callable[[C, CouchBench], Awaitable[None]]


def on_couch(scenario: Scenario[C]) -> Callable[[C, CouchRig], None]:
    """Make a test of a scenario: it runs over ``rig`` with a connected driver."""

    def test(self: C, rig: CouchRig) -> None:
        async def whole(access: CouchAccess) -> None:
            bench = CouchBench(access)
            await bench.connect()
            await scenario(self, bench)

        rig.run(whole)

    test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
    return test
