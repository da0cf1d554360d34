"""Garbage, cancellation and closing."""

import asyncio

from drivers.testing.linac_bench import BEAM_S, LONG_BEAM_S, TOKEN, LinacBench, on_linac
from drivers.testing.verdict import refused, require
from gateway.domain.delivery import MachineState
from gateway.domain.errors import GatewayError, LinkLost, ProtocolError

GARBAGE = b"\x00\xff\x00 no message of any wire \xff\x00\n"


class LinacLink:
    """A link that is no longer to be trusted is over, at once and audibly."""

    @on_linac
    async def test_garbage_ends_the_link(self, bench: LinacBench) -> None:
        """A protocol error, told once; then every command says that the link is gone."""
        await bench.quiet()
        bench.access.babble(GARBAGE)
        error = await bench.witness.losses.first(bench.grace_s)
        require(isinstance(error, ProtocolError), f"garbage was told as {error!r}")
        await refused(bench.driver.heartbeat(), "a heartbeat on a dead link", LinkLost)
        await refused(bench.driver.terminate(), "a command on a dead link", LinkLost)
        require(len(bench.witness.lost) == 1, "the loss was told more than once")

    @on_linac
    async def test_garbage_fails_what_waits(self, bench: LinacBench) -> None:
        """A command that waits while garbage comes raises; it does not hang."""
        await bench.driver.load(bench.program(BEAM_S), TOKEN)
        waiting = asyncio.create_task(bench.driver.prepare(60.0))
        await asyncio.sleep(0)
        bench.access.babble(GARBAGE)
        async with asyncio.timeout(bench.grace_s):
            await refused(waiting, "PREPARE over a link of garbage", GatewayError)

    @on_linac
    async def test_a_cut_fails_what_waits(self, bench: LinacBench) -> None:
        """A command that waits while the link is cut raises LinkLost; it does not hang."""
        await bench.driver.load(bench.program(BEAM_S), TOKEN)
        waiting = asyncio.create_task(bench.driver.prepare(60.0))
        await asyncio.sleep(0)
        bench.access.cut()
        async with asyncio.timeout(bench.grace_s):
            await refused(waiting, "PREPARE over a cut link", LinkLost)

    @on_linac
    async def test_a_cancelled_command_leaves_a_link_that_terminates(
        self, bench: LinacBench
    ) -> None:
        """Whatever is cancelled in the middle of a beam, TERMINATE still works at once."""
        program = bench.program(LONG_BEAM_S)
        async with bench.beating():
            await bench.beaming(program)
            for call in (bench.driver.read_back, bench.driver.hold, bench.driver.resume):
                task = asyncio.create_task(call())
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait((task,))
                require(task.cancelled(), f"a cancelled {call.__name__} was not cancelled")
            await bench.driver.terminate()
            await bench.witness.until_state(MachineState.TERMINATED, bench.grace_s)
        require(bench.witness.lost == [], "the link was lost")

    @on_linac
    async def test_closing_is_idempotent_and_final(self, bench: LinacBench) -> None:
        """Twice closed; commands say so; nothing was told as lost; it connects again."""
        await bench.driver.aclose()
        await bench.driver.aclose()
        await refused(bench.driver.terminate(), "a command after closing", LinkLost)
        require(bench.witness.lost == [], "closing was told as a loss")
        await bench.connect()
