"""A connected linac driver on a rig, and the steps that contracts are made of."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from drivers.testing.programs import small_program
from drivers.testing.rig import LinacAccess, LinacRig
from drivers.testing.verdict import require
from drivers.testing.witness import LinacWitness
from gateway.domain.delivery import MachineIdentity, MachineSample, MachineState
from gateway.domain.program import MachineProgram
from gateway.domain.units import NS_PER_S, WIRE_UNITS_PER_MM

C = TypeVar("C")

BEAM_S = 0.6
LONG_BEAM_S = 3.0
PREPARE_S = 30.0
QUIET_S = 0.2
BEAM_NUMBER = 7
TOKEN = b"conformance kit."


class LinacBench:
    """What a scenario works with: ``driver`` is connected, ``witness`` observes it."""

    def __init__(self, access: LinacAccess) -> None:
        self.access = access
        self.room = access.room
        self.driver = access.driver()
        self.witness = LinacWitness()
        self.identity: MachineIdentity

    async def connect(self) -> None:
        """Connect (again) with a fresh witness; the machine's first sample is in."""
        self.witness = LinacWitness()
        self.identity = await self.driver.connect(self.witness)
        await self.witness.until(lambda _: True, "anything", self.grace_s)

    @property
    def grace_s(self) -> float:
        """How long anything may take that is to happen at once."""
        return self.room.bounds.reply_timeout_s + self.access.slack_s

    def program(self, duration_s: float, beam_number: int = BEAM_NUMBER) -> MachineProgram:
        """A small program that starts where the machine stands."""
        standing = self.witness.last.positions / WIRE_UNITS_PER_MM
        return small_program(self.room.machine, standing, beam_number, duration_s)

    async def counter_mu(self, beam_number: int = BEAM_NUMBER) -> float:
        """What the machine's counter says of the beam."""
        reading = await self.driver.read_counter(TOKEN, beam_number)
        if reading is None:
            return 0.0
        require(reading.beam_number == beam_number, "the counter is of another beam")
        require(reading.delivery_token == TOKEN, "the counter is of another delivery")
        return reading.meterset_mu

    async def prepared(self, program: MachineProgram) -> int:
        """Load and prepare; heartbeats must be running. The program's CRC-32."""
        crc = await self.driver.load(program, TOKEN)
        await self.driver.prepare(PREPARE_S)
        return crc

    async def beaming(self, program: MachineProgram) -> MachineSample:
        """Load, prepare and beam; a sample with dose in it. Heartbeats must be running."""
        await self.prepared(program)
        await self.driver.beam_on()
        return await self.witness.until(
            lambda sample: (
                sample.state is MachineState.BEAM_ON
                and sample.meterset_mu > program.start_meterset_mu
            ),
            "dose",
            program.profile.duration_s + self.grace_s,
        )

    async def complete(self, program: MachineProgram) -> MachineSample:
        """Deliver the whole program."""
        async with self.beating():
            await self.beaming(program)
            return await self.witness.until(
                lambda sample: sample.state in ENDED,
                "the end of the beam",
                2 * program.profile.duration_s + self.grace_s,
            )

    async def quiet(self, duration_s: float = QUIET_S) -> None:
        """Let ``duration_s`` of the machine's time pass."""
        until_ns = self.witness.last.machine_time_ns + duration_s * NS_PER_S
        await self.witness.until(
            lambda sample: sample.machine_time_ns >= until_ns,
            f"{duration_s} s passing",
            duration_s + self.grace_s,
        )

    async def check_no_dose(self, why: str) -> None:
        """No dose comes and no beam is shown for a while."""
        before_mu = self.witness.last.meterset_mu
        await self.quiet()
        after = self.witness.last
        require(after.state is not MachineState.BEAM_ON, f"the beam is on {why}")
        require(
            after.meterset_mu == before_mu,
            f"dose went from {before_mu} to {after.meterset_mu} MU {why}",
        )

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Heartbeats, as delivery sends them."""
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait((beating,))
        if not beating.cancelled():
            beating.result()

    async def _beat(self) -> None:
        while not self.witness.lost:
            await self.driver.heartbeat()
            await asyncio.sleep(self.room.bounds.heartbeat_period_s)


ENDED = frozenset({MachineState.COMPLETE, MachineState.TERMINATED, MachineState.FAULT})

Scenario = Callable[[C, LinacBench], Awaitable[None]]


def on_linac(scenario: Scenario[C]) -> Callable[[C, LinacRig], None]:
    """Make a test of a scenario: it runs over ``rig`` with a connected driver."""

    def test(self: C, rig: LinacRig) -> None:
        async def whole(access: LinacAccess) -> None:
            bench = LinacBench(access)
            await bench.connect()
            await scenario(self, bench)

        rig.run(whole)

    test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
    return test
