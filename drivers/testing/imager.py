"""The contract of a portal imager and its driver."""

import asyncio
from itertools import pairwise

from drivers.testing.imager_bench import ImagerBench, on_imager
from drivers.testing.verdict import refused, require
from gateway.domain.delivery import FrameKind
from gateway.domain.errors import GatewayError, LinkLost, MachineFault, ProtocolError

GARBAGE = b"\x00\xff\x00 no frame of any panel \xff\x00\n"
BEAM_NUMBER = 3
"""The beam that rigs expose."""
RATE_HZ = 10.0
FINISH_S = 10.0


class ImagerContract:
    """Everything an imager driver must do; subclass it where a fixture ``rig`` is an ImagerRig."""

    @on_imager
    async def test_it_is_the_panel_of_the_room(self, bench: ImagerBench) -> None:
        """Form, pitch and distance are the room's."""
        panel, identity = bench.room.panel, bench.identity
        said = (identity.rows, identity.columns, identity.bits)
        require(said == (panel.rows, panel.columns, panel.bits), f"the panel says {said}")
        geometry = (identity.pitch_mm, identity.sid_mm)
        wanted = (round(panel.pitch_mm, 3), round(panel.sid_mm, 3))
        require(geometry == wanted, f"the panel says {geometry} mm, the room {wanted}")

    @on_imager
    async def test_an_integrated_image_is_one_frame(self, bench: ImagerBench) -> None:
        """One frame, number 1, of the beam and its whole meterset, there when finish returns."""
        await bench.driver.start(BEAM_NUMBER, FrameKind.INTEGRATED, 0.0)
        start_mu, end_mu = await bench.access.expose()
        require(bench.frames == [], "a frame came before the acquisition was finished")
        count = await bench.driver.finish(FINISH_S)
        require(count == 1, f"the panel says it acquired {count} frames")
        require(len(bench.frames) == 1, f"{len(bench.frames)} frames came")
        (frame,) = bench.frames
        bench.check_frame(frame)
        said = (frame.kind, frame.beam_number, frame.number)
        require(said == (FrameKind.INTEGRATED, BEAM_NUMBER, 1), f"the frame says {said}")
        # "The first pulse it saw" ends one pulse after the start: a pulse at either end.
        pulse_mu = bench.room.machine.mu_per_pulse
        require(
            abs(frame.start_meterset_mu - start_mu) <= 2 * pulse_mu
            and abs(frame.end_meterset_mu - end_mu) <= 2 * pulse_mu,
            f"the frame covers {frame.start_meterset_mu} to {frame.end_meterset_mu} MU, the beam "
            f"{start_mu} to {end_mu} MU",
        )

    @on_imager
    async def test_a_cine_run_covers_the_beam(self, bench: ImagerBench) -> None:
        """Numbers from 1 without gaps, as many as the panel says; time and meterset ascend."""
        await bench.driver.start(BEAM_NUMBER, FrameKind.CINE, RATE_HZ)
        start_mu, end_mu = await bench.access.expose()
        count = await bench.driver.finish(FINISH_S)
        numbers = [frame.number for frame in bench.frames]
        require(numbers == list(range(1, count + 1)), f"frames {numbers}, the panel says {count}")
        require(count > 1, f"{count} frames of a beam longer than two frame periods")
        for frame in bench.frames:
            bench.check_frame(frame)
            said = (frame.kind, frame.beam_number)
            require(said == (FrameKind.CINE, BEAM_NUMBER), f"frame {frame.number} says {said}")
        pulse_mu = bench.room.machine.mu_per_pulse
        for earlier, later in pairwise(bench.frames):
            require(later.start_time_ns >= earlier.end_time_ns, "frames overlap in time")
            gap_mu = later.start_meterset_mu - earlier.end_meterset_mu
            require(
                abs(gap_mu) <= 2 * pulse_mu,
                f"{gap_mu:.3f} MU between frames {earlier.number} and {later.number}",
            )
        covered = (bench.frames[0].start_meterset_mu, bench.frames[-1].end_meterset_mu)
        require(
            abs(covered[0] - start_mu) <= 2 * pulse_mu and abs(covered[1] - end_mu) <= 2 * pulse_mu,
            f"the frames cover {covered} MU, the beam {start_mu} to {end_mu} MU",
        )

    @on_imager
    async def test_what_does_not_fit_its_state_is_refused(self, bench: ImagerBench) -> None:
        """FINISH without START; START while acquiring; cine without or above its rate."""
        driver, fastest = bench.driver, bench.room.panel.maximum_frame_rate_hz
        await refused(driver.finish(FINISH_S), "FINISH without START", MachineFault)
        for rate_hz in (0.0, 2 * fastest):
            call = driver.start(BEAM_NUMBER, FrameKind.CINE, rate_hz)
            await refused(call, f"cine at {rate_hz} Hz", MachineFault)
        await driver.start(BEAM_NUMBER, FrameKind.INTEGRATED, 0.0)
        call = driver.start(BEAM_NUMBER, FrameKind.INTEGRATED, 0.0)
        await refused(call, "START while acquiring", MachineFault)
        await driver.finish(FINISH_S)

    @on_imager
    async def test_a_cut_link_ends_the_acquisition(self, bench: ImagerBench) -> None:
        """Told once; connected again, nothing is being acquired and the next one can start."""
        await bench.driver.start(BEAM_NUMBER, FrameKind.INTEGRATED, 0.0)
        bench.access.cut()
        error = await bench.losses.first(bench.grace_s)
        require(isinstance(error, LinkLost), f"a cut link was told as {error!r}")
        await refused(bench.driver.finish(FINISH_S), "a command on a cut link", LinkLost)
        require(len(bench.losses.told) == 1, "the loss was told more than once")
        await asyncio.sleep(bench.access.slack_s)
        await bench.connect()
        await refused(bench.driver.finish(FINISH_S), "FINISH without START", MachineFault)
        await bench.driver.start(BEAM_NUMBER, FrameKind.INTEGRATED, 0.0)
        await bench.driver.finish(FINISH_S)

    @on_imager
    async def test_garbage_ends_the_link(self, bench: ImagerBench) -> None:
        """A protocol error, told once; what waits raises; afterwards every call says so."""
        await bench.driver.start(BEAM_NUMBER, FrameKind.INTEGRATED, 0.0)
        bench.access.babble(GARBAGE)
        error = await bench.losses.first(bench.grace_s)
        require(isinstance(error, ProtocolError), f"garbage was told as {error!r}")
        async with asyncio.timeout(bench.grace_s):
            await refused(bench.driver.finish(FINISH_S), "a dead link", GatewayError)
        require(len(bench.losses.told) == 1, "the loss was told more than once")

    @on_imager
    async def test_a_cancelled_call_leaves_a_link_that_works(self, bench: ImagerBench) -> None:
        """START cancelled while it waits: FINISH and the next START still work."""
        starting = asyncio.create_task(bench.driver.start(BEAM_NUMBER, FrameKind.INTEGRATED, 0.0))
        await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait((starting,))
        require(starting.cancelled(), "a cancelled START was not cancelled")
        await bench.driver.finish(FINISH_S)
        await bench.driver.start(BEAM_NUMBER, FrameKind.INTEGRATED, 0.0)
        await bench.driver.finish(FINISH_S)
        require(bench.losses.told == [], "the link was lost")

    @on_imager
    async def test_closing_is_idempotent_and_final(self, bench: ImagerBench) -> None:
        """Twice closed; calls say so; nothing was told as lost; it connects again."""
        await bench.driver.aclose()
        await bench.driver.aclose()
        await refused(bench.driver.finish(FINISH_S), "a call after closing", LinkLost)
        require(bench.losses.told == [], "closing was told as a loss")
        await bench.connect()
