"""What a machine must refuse."""

from drivers.testing.linac_bench import BEAM_S, TOKEN, LinacBench, on_linac
from drivers.testing.programs import undeliverable
from drivers.testing.verdict import refused, require
from gateway.domain.delivery import MachineState
from gateway.domain.errors import LocalProtocolError, MachineFault

OTHER_TOKEN = b"another delivery"


class LinacRefusals:
    """Nothing moves and nothing beams that may not."""

    @on_linac
    async def test_programs_outside_its_limits_are_refused(self, bench: LinacBench) -> None:
        """Range, speed, dose rate, order, mode; and the machine is as before."""
        sound = bench.program(BEAM_S)
        for what, program in undeliverable(bench.room.machine, sound).items():
            await refused(bench.driver.load(program, TOKEN), what, MachineFault)
            require(bench.witness.last.state is MachineState.IDLE, f"{what} changed the state")
        await bench.driver.load(sound, TOKEN)

    @on_linac
    async def test_no_beam_without_a_program(self, bench: LinacBench) -> None:
        """BEAM_ON and PREPARE with nothing loaded are refused, here or there."""
        errors = (MachineFault, LocalProtocolError)
        await refused(bench.driver.beam_on(), "a beam with nothing loaded", *errors)
        await refused(bench.driver.prepare(1.0), "PREPARE with nothing loaded", *errors)
        await bench.check_no_dose("with nothing loaded")

    @on_linac
    async def test_no_beam_before_it_is_prepared(self, bench: LinacBench) -> None:
        """BEAM_ON in LOADED is refused and makes no dose."""
        await bench.driver.load(bench.program(BEAM_S), TOKEN)
        await refused(bench.driver.beam_on(), "a beam that is not prepared", MachineFault)
        await bench.check_no_dose("though it was not prepared")

    @on_linac
    async def test_no_beam_by_itself(self, bench: LinacBench) -> None:
        """PREPARED is not BEAM_ON: the machine waits to be told."""
        async with bench.beating():
            await bench.prepared(bench.program(BEAM_S))
            await bench.check_no_dose("though nobody asked for it")
            require(
                bench.witness.last.state is MachineState.PREPARED,
                f"PREPARED became {bench.witness.last.state.name} by itself",
            )

    @on_linac
    async def test_a_beam_is_delivered_once(self, bench: LinacBench) -> None:
        """The same beam of the same delivery is refused; of another delivery it is not."""
        program = bench.program(BEAM_S)
        await bench.complete(program)
        before_mu = await bench.counter_mu()
        again = bench.program(BEAM_S)
        await refused(bench.driver.load(again, TOKEN), "a beam that was delivered", MachineFault)
        require(await bench.counter_mu() == before_mu, "a refused beam changed the counter")
        await bench.driver.load(again, OTHER_TOKEN)

    @on_linac
    async def test_hold_and_resume_need_a_beam(self, bench: LinacBench) -> None:
        """Refused in IDLE and in LOADED."""
        for state in ("IDLE", "LOADED"):
            await refused(bench.driver.hold(), f"HOLD in {state}", MachineFault)
            await refused(bench.driver.resume(), f"RESUME in {state}", MachineFault)
            await bench.driver.load(bench.program(BEAM_S), TOKEN)

    @on_linac
    async def test_there_is_one_client_in_control(self, bench: LinacBench) -> None:
        """A second connection is refused; the first one goes on."""
        second = bench.access.driver()
        await refused(second.connect(bench.witness), "a second client", MachineFault)
        require(bench.witness.lost == [], "the first client lost its link to the second")
        await bench.quiet()
        bench.witness.check_telemetry(bench.identity.sample_period_s)
