"""One beam, from intent to the counter's reading after it."""

import asyncio
from collections.abc import Mapping, Sequence

from gateway.delivery.beam_end import record_beam_end, telemetry_file
from gateway.delivery.beam_guard import BeamGuard
from gateway.delivery.beam_state import BEAMING
from gateway.delivery.counter import (
    METERSET_RESOLUTION_MU,
    CounterUnknown,
    believed,
    count_again,
)
from gateway.delivery.ending import Ending
from gateway.delivery.live_room import LiveRoom
from gateway.delivery.operator_hold import OperatorHold, names
from gateway.delivery.order import Environment, Order, PlannedBeam
from gateway.delivery.read_back import verify_couch, verify_read_back
from gateway.delivery.recorder import Recorder
from gateway.delivery.states import DeliveryEvent
from gateway.delivery.to_its_end import to_its_end
from gateway.domain.axes import Axis
from gateway.domain.delivery import BeamDelivery, CounterReading, ReadBack, TerminationStatus
from gateway.domain.errors import GatewayError, LinkError, MachineFault, ProtocolError, StoreError
from gateway.formats.telemetry_parquet import write_telemetry

IMAGER_REPLIES = 10
"""How many reply times a panel may take to send what it has integrated."""


class BeamRun:
    """Delivers one program once.

    Intent, arming and beam-on are durable before the command; hold and terminate act first.
    ``delivery`` says how it ended, once it has; ``aborted_by`` who cancels it, where that is known.
    """

    def __init__(
        self,
        planned: PlannedBeam,
        order: Order,
        live: LiveRoom,
        recorder: Recorder,
        environment: Environment,
    ) -> None:
        self._planned = planned
        self._program = planned.program
        self._order = order
        self._live = live
        self._recorder = recorder
        self._environment = environment
        self._guard = BeamGuard(planned.program, order, live, recorder, environment)
        self._acquiring = False
        self._recording = False
        self._commanded = False
        self._couch_mm: Mapping[Axis, float] = {}
        self._started_ns = environment.clock.now_ns()
        self.aborted_by: Sequence[str] = ()
        self.delivery: BeamDelivery | None = None

    @property
    def operator(self) -> OperatorHold:
        """Holds and resumes this beam."""
        return self._guard.operator

    async def run(self) -> BeamDelivery:
        """Deliver; returns how the beam ended, with the machine's counter where it could be read.

        Cancellation turns the beam off, records, and is raised again. Raises StoreError when
        the record cannot be kept (the beam is off by then).
        """
        self._live.listener = self._guard
        try:
            await to_its_end(self._record_intent())
            ending = await self._deliver()
        except asyncio.CancelledError:
            aborted = Ending(TerminationStatus.OPERATOR, f"aborted by {names(self.aborted_by)}")
            await to_its_end(self._finish(aborted))
            raise
        except BaseException:
            await to_its_end(self._abandon())
            raise
        return await to_its_end(self._finish(ending))

    def on_store_fault(self, error: GatewayError) -> None:
        """The record cannot be kept: the beam ends."""
        self._guard.on_store_fault(error)

    async def _record_intent(self) -> None:
        await self._recorder.event(
            "beam-intent",
            beam=self._program.beam_number,
            start_meterset_mu=self._program.start_meterset_mu,
            end_meterset_mu=self._program.end_meterset_mu,
        )
        self._environment.observer.on_beam(self._program)

    async def _deliver(self) -> Ending:
        try:
            await self._set_up()
            await self._arm()
            async with self._guard:
                self._commanded = True
                await self._live.linac.beam_on()
                return await self._guard.enforcement.ended
        except MachineFault as fault:
            ending = Ending(TerminationStatus.MACHINE, str(fault))
        except (LinkError, ProtocolError) as lost:
            ending = Ending(TerminationStatus.UNKNOWN, str(lost))
        ended = self._guard.enforcement.ended
        return ended.result() if ended.done() else ending

    async def _set_up(self) -> None:
        program, live = self._program, self._live
        live.require("linac", "couch")
        if program.couch:
            await live.couch.move_to(program.couch, self._planned.couch_bound_s)
        crc32 = await live.linac.load(program, self._order.token)
        self._guard.enforcement.state.command(DeliveryEvent.LOAD)
        await live.linac.prepare(self._planned.prepare_bound_s)
        self._guard.enforcement.state.command(DeliveryEvent.PREPARE)
        read_back = await live.linac.read_back()
        self._guard.beamed |= read_back.state in BEAMING
        self._couch_mm = await live.couch.position()
        await self._record_read_back(read_back)
        findings = (
            *verify_read_back(read_back, program, crc32, self._order.tolerance),
            *verify_couch(self._couch_mm, program, self._order.tolerance),
        )
        if findings:
            messages = "; ".join(finding.message for finding in findings[:3])
            more = f"; and {len(findings) - 3} more" if len(findings) > 3 else ""
            raise MachineFault("READ_BACK", messages + more)
        if program.mode.radiation_type == "PHOTON":
            await self._start_images()

    async def _start_images(self) -> None:
        """A beam is delivered without images when the imager is lost; the record says so."""
        lost = self._live.lost.get("imager")
        if lost is not None:
            self._guard.on_lost("imager", lost)
            return
        kind, rate = self._order.acquisition.kind, self._order.acquisition.frame_rate_hz
        self._acquiring = True
        await self._live.imager.start(self._program.beam_number, kind, rate)

    async def _record_read_back(self, read_back: ReadBack) -> None:
        await self._recorder.event(
            "read-back",
            beam=read_back.beam_number,
            state=int(read_back.state),
            interlocks=int(read_back.interlocks),
            mode=read_back.mode,
            accessories=list(read_back.accessories),
            start_meterset_mu=read_back.start_meterset_mu,
            end_meterset_mu=read_back.end_meterset_mu,
            program_crc32=read_back.program_crc32,
            positions=[int(position) for position in read_back.positions],
            couch_mm={axis.value: position for axis, position in self._couch_mm.items()},
        )

    async def _arm(self) -> None:
        number = self._program.beam_number
        await self._recorder.event("armed", beam=number, by=list(self._order.armed_by))
        await self._recorder.event("beam-on", beam=number)
        self._live.require("linac", "couch")
        before = self._live.sample
        last = None if before is None else before.sequence
        self._recorder.begin_beam(number, self._program.layout, last)
        self._recording = True
        self._guard.enforcement.state.command(DeliveryEvent.BEAM_ON)
        self._guard.arm(self._couch_mm)

    async def _finish(self, ending: Ending) -> BeamDelivery:
        """Beam off, counter read, frames in, everything durable, in this order.

        The counter says that the beam is off: a machine that has not ended it loses its link at
        once, not when the panel has sent its images.
        """
        await self._guard.enforcement.turn_off()
        meterset_mu = await self._meterset()
        frames_sent = await self._finish_images()
        await self._unload()
        self._live.listener = None
        await self._guard.enforcement.settle()
        samples, lost = await self._keep_telemetry()
        await self._guard.notes.record(self._recorder, frames_sent)
        delivery = self._ended(ending, meterset_mu, samples, lost)
        await record_beam_end(self._recorder, delivery)
        self.delivery = delivery
        await self._environment.frames.flush()
        return delivery

    async def _abandon(self) -> None:
        """Beam off, and nothing left running: the record cannot be kept, or this program failed."""
        await self._guard.enforcement.turn_off()
        self._live.listener = None
        await self._recorder.abandon()
        try:
            await self._guard.enforcement.settle()
        except StoreError:
            return

    async def _finish_images(self) -> int | None:
        if not self._acquiring or "imager" in self._live.lost:
            return None
        timeout_s = self._order.room.bounds.reply_timeout_s * IMAGER_REPLIES
        try:
            return await self._live.imager.finish(timeout_s)
        except GatewayError as error:
            self._guard.enforcement.failed("imager", "finish", error)
            return None

    async def _meterset(self) -> float | None:
        """Where the beam's meterset stands for certain; None where that cannot be known now.

        The counter is read over the live link, else over a fresh one.
        """
        if not self._commanded and not self._guard.beamed:
            return self._program.start_meterset_mu
        number, token = self._program.beam_number, self._order.token
        try:
            return self._believed(await self._live.linac.read_counter(token, number))
        except CounterUnknown:
            await self._live.linac.aclose()
        except GatewayError as error:
            self._guard.enforcement.failed("linac", "read-counter", error)
            await self._live.linac.aclose()
        linac, bounds = self._environment.devices().linac, self._order.room.bounds
        try:
            return self._believed(await count_again(linac, token, number, bounds))
        except CounterUnknown as error:
            await self._recorder.event("counter-unknown", beam=number, text=str(error))
            return None

    def _believed(self, reading: CounterReading | None) -> float:
        return believed(
            reading,
            start_mu=self._program.start_meterset_mu,
            seen_mu=self._guard.meterset_mu,
            mu_per_pulse=self._order.room.machine.mu_per_pulse,
        )

    async def _unload(self) -> None:
        """So that nothing stays loaded; a faulted machine keeps its program until it is reset."""
        if "linac" in self._live.lost:
            return
        try:
            await self._live.linac.unload()
        except GatewayError as error:
            self._guard.enforcement.failed("linac", "unload", error)

    async def _keep_telemetry(self) -> tuple[int, int]:
        """How many samples were kept, and how many never came."""
        if not self._recording:
            return 0, 0
        telemetry = await self._recorder.end_beam()
        content = await asyncio.to_thread(write_telemetry, telemetry)
        await self._recorder.file(telemetry_file(telemetry.beam_number), content)
        return int(telemetry.sequence.size), self._recorder.lost_samples

    def _ended(
        self, ending: Ending, meterset_mu: float | None, samples: int, lost: int
    ) -> BeamDelivery:
        status, reason = self._judged(ending, meterset_mu)
        return BeamDelivery(
            beam_number=self._program.beam_number,
            beam_name=self._program.beam_name,
            planned_mu=self._planned.beam.meterset_mu,
            start_meterset_mu=self._program.start_meterset_mu,
            end_meterset_mu=meterset_mu,
            termination_status=status,
            termination_reason=reason,
            interlocks=self._guard.notes.interlocks,
            samples=samples,
            lost_samples=lost,
            started_ns=self._started_ns,
            ended_ns=self._environment.clock.now_ns(),
        )

    def _judged(self, ending: Ending, meterset_mu: float | None) -> tuple[TerminationStatus, str]:
        """The ending in the light of the counter: only a whole meterset is a normal end."""
        if meterset_mu is None:
            return TerminationStatus.UNKNOWN, ending.reason or "the counter could not be read"
        missing_mu = self._program.end_meterset_mu - meterset_mu
        if ending.status is TerminationStatus.NORMAL:
            if missing_mu <= self._order.room.machine.mu_per_pulse + METERSET_RESOLUTION_MU:
                return TerminationStatus.NORMAL, ending.reason
            text = f"the machine says complete, but its counter lacks {missing_mu:.3f} MU"
            return TerminationStatus.MACHINE, text
        if ending.status is TerminationStatus.UNKNOWN:
            return TerminationStatus.MACHINE, ending.reason
        return ending.status, ending.reason
