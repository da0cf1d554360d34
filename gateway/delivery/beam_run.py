"""One beam, from intent to the counter's reading after it."""

import asyncio

from gateway.delivery.beam_guard import BeamGuard, Ending
from gateway.delivery.live_room import LiveRoom
from gateway.delivery.read_back import verify_read_back
from gateway.delivery.recorder import Recorder
from gateway.delivery.result import Environment, Order, PlannedBeam
from gateway.delivery.states import DELIVERY_TABLE, DeliveryEvent, DeliveryState, step
from gateway.domain.delivery import BeamDelivery, CounterReading, ReadBack, TerminationStatus
from gateway.domain.errors import GatewayError, LinkError, MachineFault, ProtocolError
from gateway.formats.telemetry_parquet import write_telemetry


class BeamRun:
    """Delivers one program once.

    Intent, arming and beam-on are durable before the command; hold and terminate act first.
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
        self._order = order
        self._live = live
        self._recorder = recorder
        self._environment = environment
        self._state = DeliveryState.IDLE
        self._guard = BeamGuard(planned.program, order, live, recorder, environment)
        self._acquiring = False
        self.delivery: BeamDelivery | None = None
        self._recording = False
        self._started_ns = 0

    async def run(self) -> BeamDelivery:
        """Deliver; returns how the beam ended, with the machine's counter where it could be read.

        Cancellation turns the beam off, records, and is raised again. Raises StoreError when
        the record cannot be kept (the beam is off by then).
        """
        program = self._planned.program
        self._started_ns = self._environment.clock.now_ns()
        await self._recorder.event(
            "beam-intent",
            beam=program.beam_number,
            start_meterset_mu=program.start_meterset_mu,
            end_meterset_mu=program.end_meterset_mu,
        )
        self._live.listener = self._guard
        try:
            ending = await self._deliver()
        except asyncio.CancelledError:
            aborted = Ending(TerminationStatus.OPERATOR, "aborted by the operator")
            self.delivery = await self._finish(aborted)
            raise
        except BaseException:
            await self._turn_off()
            raise
        self.delivery = await self._finish(ending)
        return self.delivery

    def on_store_fault(self, error: GatewayError) -> None:
        """The record cannot be kept: the beam ends."""
        self._guard.on_store_fault(error)

    async def _deliver(self) -> Ending:
        try:
            await self._set_up()
            await self._beam_on()
        except MachineFault as fault:
            return Ending(TerminationStatus.MACHINE, str(fault))
        except (LinkError, ProtocolError) as lost:
            return Ending(TerminationStatus.UNKNOWN, str(lost))
        async with self._guard:
            return await self._guard.ended

    async def _set_up(self) -> None:
        program, live = self._planned.program, self._live
        if program.couch:
            await live.couch.move_to(program.couch, self._planned.couch_bound_s)
        crc32 = await live.linac.load(program, self._order.token)
        self._step(DeliveryEvent.LOAD)
        await live.linac.prepare(self._planned.prepare_bound_s)
        self._step(DeliveryEvent.PREPARE)
        read_back = await live.linac.read_back()
        await self._record_read_back(read_back)
        findings = verify_read_back(read_back, program, crc32, self._order.tolerance)
        if findings:
            messages = "; ".join(finding.message for finding in findings[:3])
            more = f"; and {len(findings) - 3} more" if len(findings) > 3 else ""
            raise MachineFault("READ_BACK", messages + more)
        if program.mode.radiation_type == "PHOTON" and "imager" not in live.lost:
            kind, rate = self._order.acquisition.kind, self._order.acquisition.frame_rate_hz
            await live.imager.start(program.beam_number, kind, rate)
            self._acquiring = True

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
        )

    async def _beam_on(self) -> None:
        number = self._planned.program.beam_number
        await self._recorder.event("armed", beam=number, by=list(self._order.armed_by))
        await self._recorder.event("beam-on", beam=number)
        self._recorder.begin_beam(number, self._planned.program.layout)
        self._recording = True
        self._guard.arm()
        await self._live.linac.beam_on()
        self._step(DeliveryEvent.BEAM_ON)

    async def _finish(self, ending: Ending) -> BeamDelivery:
        """Beam off, frames in, counter read, everything durable, in this order."""
        await self._turn_off()
        frames_sent = await self._finish_images()
        reading = await self._read_counter()
        self._live.listener = None
        await self._guard.settle()
        delivery = await self._record_end(ending, reading, frames_sent)
        await self._unload()
        return delivery

    async def _turn_off(self) -> None:
        if "linac" in self._live.lost:
            return
        try:
            await self._live.linac.terminate()
        except GatewayError as error:
            self._guard.incident("linac", error)

    async def _finish_images(self) -> int | None:
        if not self._acquiring or "imager" in self._live.lost:
            return None
        try:
            sent = await self._live.imager.finish(self._order.room.bounds.reply_timeout_s * 10)
        except GatewayError as error:
            self._guard.incident("imager", error)
            return None
        await self._environment.frames.flush()
        return sent

    async def _read_counter(self) -> CounterReading | None:
        """The counter over the live link; None when it cannot be had here.

        A beam the machine never loaded has delivered nothing, which is a reading too.
        """
        if "linac" in self._live.lost:
            return None
        number = self._planned.program.beam_number
        try:
            reading = await self._live.linac.read_counter(self._order.token, number)
        except GatewayError as error:
            self._guard.incident("linac", error)
            return None
        start = self._planned.program.start_meterset_mu
        return reading or CounterReading(self._order.token, number, start, start, finished=True)

    async def _record_end(
        self, ending: Ending, reading: CounterReading | None, frames_sent: int | None
    ) -> BeamDelivery:
        samples, lost = 0, 0
        if self._recording:
            telemetry = await self._recorder.end_beam()
            content = await asyncio.to_thread(write_telemetry, telemetry)
            await self._recorder.file(telemetry_file(telemetry.beam_number), content)
            samples, lost = int(telemetry.sequence.size), self._recorder.lost_samples
        certain = reading is not None and reading.finished
        status = ending.status
        if status is TerminationStatus.UNKNOWN and certain:
            status = TerminationStatus.MACHINE
        delivery = BeamDelivery(
            beam_number=self._planned.program.beam_number,
            beam_name=self._planned.program.beam_name,
            planned_mu=self._planned.beam.meterset_mu,
            start_meterset_mu=self._planned.program.start_meterset_mu,
            end_meterset_mu=reading.meterset_mu if reading is not None and certain else None,
            termination_status=status if certain else TerminationStatus.UNKNOWN,
            termination_reason=ending.reason,
            interlocks=self._guard.interlocks,
            samples=samples,
            lost_samples=lost,
            started_ns=self._started_ns,
            ended_ns=self._environment.clock.now_ns(),
        )
        await self._guard.record_incidents()
        await self._recorder.event("frames", **self._guard.frame_log(frames_sent))
        await record_beam_end(self._recorder, delivery)
        return delivery

    async def _unload(self) -> None:
        if "linac" in self._live.lost:
            return
        try:
            await self._live.linac.unload()
        except GatewayError as error:
            self._guard.incident("linac", error)

    def _step(self, event: DeliveryEvent) -> None:
        self._state = step(DELIVERY_TABLE, self._state, event)


def telemetry_file(beam_number: int) -> str:
    """The name of a beam's telemetry in the delivery's folder."""
    return f"telemetry_beam_{beam_number}.parquet"


async def record_beam_end(recorder: Recorder, delivery: BeamDelivery) -> None:
    """Make the end of a beam durable."""
    await recorder.event(
        "beam-end",
        beam=delivery.beam_number,
        name=delivery.beam_name,
        planned_mu=delivery.planned_mu,
        start_meterset_mu=delivery.start_meterset_mu,
        end_meterset_mu=delivery.end_meterset_mu,
        termination_status=delivery.termination_status.value,
        termination_reason=delivery.termination_reason,
        interlocks=list(delivery.interlocks),
        samples=delivery.samples,
        lost_samples=delivery.lost_samples,
        started_ns=delivery.started_ns,
        ended_ns=delivery.ended_ns,
    )
