"""A beam from load to counter, and the telemetry that goes with it."""

from drivers.testing.linac_bench import BEAM_S, TOKEN, LinacBench, on_linac
from drivers.testing.verdict import require
from gateway.domain.delivery import Interlock, MachineState
from gateway.domain.units import NS_PER_S, WIRE_UNITS_PER_MM

READ_BACK_MM = 0.5
"""How far a read-back may stand from row 0 (leaf 0.5 mm: AAPM MPPG 8.b; looser than any servo)."""
WATCH_S = 0.5


class LinacDelivery:
    """What a sound beam looks like."""

    @on_linac
    async def test_it_is_the_machine_of_the_room(self, bench: LinacBench) -> None:
        """The announced layout is the room's; the dead-man is no slower than the room allows."""
        machine, identity = bench.room.machine, bench.identity
        require(identity.layout == machine.layout, "the announced layout is not the room's")
        require(
            identity.sample_period_s == machine.sample_period_s,
            f"samples come every {identity.sample_period_s} s, not {machine.sample_period_s} s",
        )
        require(
            0 < identity.dead_man_s <= bench.room.bounds.dead_man_s,
            f"the dead-man takes {identity.dead_man_s} s, the room allows "
            f"{bench.room.bounds.dead_man_s} s",
        )

    @on_linac
    async def test_telemetry_comes_every_period_without_gaps(self, bench: LinacBench) -> None:
        """At rest: in order, numbered from 1, a period apart on the machine's clock."""
        await bench.quiet(WATCH_S)
        require(bench.witness.samples[0].sequence == 1, "telemetry does not begin with number 1")
        bench.witness.check_telemetry(bench.identity.sample_period_s)

    @on_linac
    async def test_read_back_is_the_loaded_program(self, bench: LinacBench) -> None:
        """Prepared: mode, accessories, metersets, CRC as loaded; axes at row 0; no interlock."""
        program = bench.program(BEAM_S)
        async with bench.beating():
            crc = await bench.prepared(program)
            read = await bench.driver.read_back()
        require(read.state is MachineState.PREPARED, f"read-back shows {read.state.name}")
        require(read.interlocks is Interlock.NONE, f"read-back shows {read.interlocks!r}")
        said = (read.beam_number, read.mode, read.accessories, read.program_crc32)
        wanted = (program.beam_number, program.mode.name, program.accessories, crc)
        require(said == wanted, f"read-back says {said}, loaded was {wanted}")
        metersets = (read.start_meterset_mu, read.end_meterset_mu)
        wanted_mu = (program.start_meterset_mu, program.end_meterset_mu)
        require(metersets == wanted_mu, f"read-back says {metersets} MU, loaded was {wanted_mu}")
        errors = abs(read.positions / WIRE_UNITS_PER_MM - program.positions[0])
        worst = int(errors.argmax())
        require(
            errors[worst] <= READ_BACK_MM,
            f"{program.layout.names[worst]} reads {errors[worst]:.3f} away from control point 0",
        )

    @on_linac
    async def test_a_beam_delivers_its_meterset(self, bench: LinacBench) -> None:
        """COMPLETE; the counter shows the program's end within one pulse and is finished."""
        program = bench.program(BEAM_S)
        end = await bench.complete(program)
        require(end.state is MachineState.COMPLETE, f"the beam ended in {end.state.name}")
        counter_mu = await bench.counter_mu()
        pulse_mu = bench.room.machine.mu_per_pulse
        require(
            abs(counter_mu - program.end_meterset_mu) <= pulse_mu,
            f"the counter shows {counter_mu} MU of {program.end_meterset_mu} MU",
        )
        reading = await bench.driver.read_counter(TOKEN, program.beam_number)
        require(reading is not None and reading.finished, "the counter is not finished")
        require(
            abs(end.meterset_mu - counter_mu) <= 1e-6,
            f"telemetry shows {end.meterset_mu} MU, the counter {counter_mu} MU",
        )

    @on_linac
    async def test_telemetry_of_a_beam_is_gapless_and_ascends(self, bench: LinacBench) -> None:
        """Time, sequence, meterset and path go forward only, over the whole beam."""
        program = bench.program(BEAM_S)
        await bench.complete(program)
        await bench.quiet()
        bench.witness.check_telemetry(bench.identity.sample_period_s)
        beam = [sample for sample in bench.witness.samples if sample.state is MachineState.BEAM_ON]
        period_s = bench.identity.sample_period_s
        least = int(BEAM_S / period_s) - 1
        require(len(beam) >= least, f"{len(beam)} samples of the beam, at least {least} wanted")
        path = [sample.program_s for sample in beam]
        require(path == sorted(path), "the path position went back")
        numbers = {sample.beam_number for sample in beam}
        require(numbers == {program.beam_number}, f"samples of the beam carry numbers {numbers}")
        rate = max(sample.dose_rate_mu_per_min for sample in beam)
        require(rate > 0, "the dose rate stayed 0 with the beam on")

    @on_linac
    async def test_events_tell_each_state_before_telemetry_shows_it(
        self, bench: LinacBench
    ) -> None:
        """LOADED, PREPARED, BEAM_ON and COMPLETE are told in this order, with ascending time."""
        await bench.complete(bench.program(BEAM_S))
        told = [event.state for event in bench.witness.events]
        wanted = [
            MachineState.LOADED,
            MachineState.PREPARED,
            MachineState.BEAM_ON,
            MachineState.COMPLETE,
        ]
        order = [state for state in told if state in wanted]
        require(order == wanted, f"events told {[state.name for state in told]}")
        times = [event.machine_time_ns for event in bench.witness.events]
        require(times == sorted(times), "events went back in time")

    @on_linac
    async def test_the_counter_survives_a_new_connection(self, bench: LinacBench) -> None:
        """Closed and connected again, the machine still knows what it delivered."""
        await bench.complete(bench.program(BEAM_S))
        before_mu = await bench.counter_mu()
        await bench.driver.aclose()
        await bench.connect()
        after_mu = await bench.counter_mu()
        require(before_mu > 0, "nothing was delivered")
        require(after_mu == before_mu, f"the counter went from {before_mu} to {after_mu} MU")

    @on_linac
    async def test_a_beam_that_was_never_loaded_has_no_counter(self, bench: LinacBench) -> None:
        """None, not zero."""
        reading = await bench.driver.read_counter(b"another delivery", 1)
        require(reading is None, f"a counter of {reading} for a beam that was never loaded")

    @on_linac
    async def test_unload_makes_room(self, bench: LinacBench) -> None:
        """After a beam the machine is IDLE again and takes the next one."""
        await bench.complete(bench.program(BEAM_S))
        await bench.driver.unload()
        await bench.witness.until_state(MachineState.IDLE, bench.grace_s)
        following = bench.program(BEAM_S, beam_number=8)
        end = await bench.complete(following)
        require(end.state is MachineState.COMPLETE, f"the next beam ended in {end.state.name}")
        took_s = (end.machine_time_ns - bench.witness.samples[0].machine_time_ns) / NS_PER_S
        require(took_s > 2 * BEAM_S, f"two beams took {took_s:.3f} s of the machine's time")
