"""Every way a beam must stop, and how soon."""

import asyncio
from collections.abc import Awaitable, Callable

from drivers.testing.linac_bench import BEAM_S, LONG_BEAM_S, TOKEN, LinacBench, on_linac
from drivers.testing.verdict import refused, require
from gateway.domain.delivery import Interlock, MachineSample, MachineState
from gateway.domain.errors import MachineFault
from gateway.domain.program import MachineProgram
from gateway.domain.units import NS_PER_S

MOVING_ON = frozenset({MachineState.PREPARING, MachineState.PREPARED, MachineState.BEAM_ON})


class LinacStops:
    """HOLD pauses, TERMINATE ends, silence ends."""

    @on_linac
    async def test_hold_pauses_and_resume_goes_on(self, bench: LinacBench) -> None:
        """No dose while held; the whole meterset after all."""
        program = bench.program(BEAM_S)
        async with bench.beating():
            await bench.beaming(program)
            await bench.driver.hold()
            held = await bench.witness.until_state(MachineState.HELD, bench.grace_s)
            require(Interlock.OPERATOR_HOLD in held.interlocks, "a held beam does not say why")
            await bench.check_no_dose("while it is held")
            await bench.driver.hold()
            require(bench.witness.last.state is MachineState.HELD, "a held beam left HELD")
            await bench.driver.resume()
            end = await bench.witness.until_state(MachineState.COMPLETE, 2 * BEAM_S + bench.grace_s)
        require(
            abs(end.meterset_mu - program.end_meterset_mu) <= bench.room.machine.mu_per_pulse,
            f"{end.meterset_mu} MU of {program.end_meterset_mu} MU after a hold",
        )
        bench.witness.check_telemetry(bench.identity.sample_period_s)

    @on_linac
    async def test_terminate_ends_a_beam_within_its_bound(self, bench: LinacBench) -> None:
        """Off within the room's bound on the machine's clock; the counter keeps what came."""
        program = bench.program(LONG_BEAM_S)
        async with bench.beating():
            before = await bench.beaming(program)
            await bench.driver.terminate()
            after = await bench.witness.until_state(MachineState.TERMINATED, bench.grace_s)
        bound_s = bench.room.bounds.terminate_after_s + bench.access.slack_s
        await _check_ended(bench, program, before, after, bound_s)

    @on_linac
    async def test_terminate_works_in_every_state(self, bench: LinacBench) -> None:
        """IDLE, LOADED, PREPARED, HELD, TERMINATED, COMPLETE: twice, and nothing is on after."""
        number = 10
        steps: tuple[Callable[[LinacBench, MachineProgram], Awaitable[object]], ...] = (
            _stay_idle,
            _load,
            _prepare,
            _hold,
            _deliver,
        )
        for step in steps:
            number += 1
            async with bench.beating():
                await step(bench, bench.program(BEAM_S, number))
                await bench.driver.terminate()
                await bench.driver.terminate()
            await bench.check_no_dose(f"after TERMINATE ({step.__name__.strip('_')})")
            state = bench.witness.last.state
            require(state not in MOVING_ON, f"{state.name} after TERMINATE")
            if state is not MachineState.IDLE:
                await bench.driver.unload()
            await bench.witness.until_state(MachineState.IDLE, bench.grace_s)

    @on_linac
    async def test_a_terminated_beam_does_not_go_on(self, bench: LinacBench) -> None:
        """Neither RESUME nor BEAM_ON brings it back."""
        program = bench.program(LONG_BEAM_S)
        async with bench.beating():
            await bench.beaming(program)
            await bench.driver.terminate()
            await bench.witness.until_state(MachineState.TERMINATED, bench.grace_s)
            for what, call in (("RESUME", bench.driver.resume), ("BEAM_ON", bench.driver.beam_on)):
                await refused(call(), f"{what} after TERMINATE", MachineFault)
        await bench.check_no_dose("after TERMINATE")

    @on_linac
    async def test_without_heartbeats_the_beam_ends(self, bench: LinacBench) -> None:
        """A delivery that is cancelled and says nothing more leaves the beam off: the dead-man."""
        program = bench.program(LONG_BEAM_S)
        async with bench.beating():
            before = await bench.beaming(program)
        after = await bench.witness.until_state(
            MachineState.TERMINATED, bench.identity.dead_man_s + bench.grace_s
        )
        require(Interlock.DEAD_MAN in after.interlocks, "the dead-man does not say so")
        bound_s = bench.identity.dead_man_s + bench.access.slack_s
        await _check_ended(bench, program, before, after, bound_s)

    @on_linac
    async def test_without_heartbeats_it_is_not_prepared_for_long(self, bench: LinacBench) -> None:
        """The dead-man watches a prepared machine too."""
        async with bench.beating():
            await bench.prepared(bench.program(BEAM_S))
        await bench.witness.until_state(
            MachineState.TERMINATED, bench.identity.dead_man_s + bench.grace_s
        )
        await bench.check_no_dose("after the dead-man")

    @on_linac
    async def test_a_cut_link_ends_the_beam_and_the_counter_survives(
        self, bench: LinacBench
    ) -> None:
        """Held at once, terminated by the dead-man; connected again, the counter is the truth."""
        program = bench.program(LONG_BEAM_S)
        async with bench.beating():
            before = await bench.beaming(program)
            bench.access.cut()
            await bench.witness.losses.first(bench.grace_s)
        last = bench.witness.last
        await asyncio.sleep(
            bench.identity.dead_man_s + 2 * bench.identity.sample_period_s + bench.access.slack_s
        )
        await bench.connect()
        after = bench.witness.last
        require(after.state is MachineState.TERMINATED, f"{after.state.name} after a cut link")
        counter_mu = await bench.counter_mu()
        require(counter_mu >= last.meterset_mu, "the counter lost dose that telemetry showed")
        bound_s = bench.room.bounds.hold_after_s + bench.access.slack_s
        _check_dose_after(program, last, counter_mu, bound_s, bench)
        require(before.meterset_mu <= counter_mu, "the counter went back")
        reading = await bench.driver.read_counter(TOKEN, program.beam_number)
        require(reading is not None and reading.finished, "a terminated beam is not finished")


async def _stay_idle(bench: LinacBench, _program: MachineProgram) -> None:
    require(bench.witness.last.state is MachineState.IDLE, "the machine is not IDLE")


async def _load(bench: LinacBench, program: MachineProgram) -> None:
    await bench.driver.load(program, TOKEN)


async def _prepare(bench: LinacBench, program: MachineProgram) -> None:
    await bench.prepared(program)


async def _hold(bench: LinacBench, program: MachineProgram) -> None:
    await bench.beaming(program)
    await bench.driver.hold()
    await bench.witness.until_state(MachineState.HELD, bench.grace_s)


async def _deliver(bench: LinacBench, program: MachineProgram) -> None:
    await bench.complete(program)


async def _check_ended(
    bench: LinacBench,
    program: MachineProgram,
    before: MachineSample,
    after: MachineSample,
    bound_s: float,
) -> None:
    """Off within ``bound_s`` of ``before`` on the machine's clock, for good, and counted."""
    period_s = bench.identity.sample_period_s
    allowed_s = bound_s + bench.room.bounds.heartbeat_period_s + 2 * period_s
    took_s = (after.machine_time_ns - before.machine_time_ns) / NS_PER_S
    require(took_s <= allowed_s, f"the beam went on for {took_s:.3f} s, at most {allowed_s:.3f} s")
    _check_dose_after(program, before, after.meterset_mu, allowed_s, bench)
    require(after.meterset_mu < program.end_meterset_mu, "the beam was not cut short")
    await bench.check_no_dose("after its end")
    counter_mu = await bench.counter_mu()
    require(
        abs(counter_mu - after.meterset_mu) <= bench.room.machine.mu_per_pulse,
        f"telemetry ended at {after.meterset_mu} MU, the counter shows {counter_mu} MU",
    )
    bench.witness.check_telemetry(period_s)


def _check_dose_after(
    program: MachineProgram,
    last: MachineSample,
    counter_mu: float,
    bound_s: float,
    bench: LinacBench,
) -> None:
    """No more dose after ``last`` than the program's rate gives in ``bound_s``."""
    most_mu = (
        program.maximum_dose_rate_mu_per_min / 60 * (bound_s + 2 * bench.identity.sample_period_s)
        + bench.room.machine.mu_per_pulse
    )
    extra_mu = counter_mu - last.meterset_mu
    require(extra_mu <= most_mu, f"{extra_mu:.3f} MU after the stop, at most {most_mu:.3f} MU")
