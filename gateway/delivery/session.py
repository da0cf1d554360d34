"""A delivery: all beams of an order, one after the other, each once."""

import asyncio

from gateway.delivery.beam_run import BeamRun
from gateway.delivery.counter import CounterUnknown, count_again
from gateway.delivery.live_room import LiveRoom
from gateway.delivery.recorder import Recorder
from gateway.delivery.result import Environment, Order, SessionResult
from gateway.domain.delivery import (
    BeamDelivery,
    DeliveryOutcome,
    MachineIdentity,
    TerminationStatus,
)
from gateway.domain.errors import GatewayError


class DeliverySession:
    """Connects the room, delivers, and leaves with the beam off and everything durable."""

    def __init__(self, order: Order, recorder: Recorder, environment: Environment) -> None:
        self._order = order
        self._recorder = recorder
        self._environment = environment
        self._run: BeamRun | None = None
        self._beams: list[BeamDelivery] = []

    async def run(self) -> SessionResult:
        """Deliver the order.

        Raises LinkError, ProtocolError, MachineFault or ConfigError when the room cannot be
        connected (nothing has been recorded then), and StoreError when the record cannot be
        kept. Cancellation (an operator's abort) is recorded and raised again.
        """
        self._recorder.watch(self.on_store_fault, self._tell_progress)
        live = LiveRoom(self._environment.devices(), self._order.room)
        try:
            await live.connect()
            await self._recorder.event("intent", **self._order.intent)
            for name, content in self._order.files.items():
                await self._recorder.file(name, content)
            await self._record_identity(live.machine, live)
            return await self._deliver(live)
        finally:
            await live.aclose()

    def on_store_fault(self, error: GatewayError) -> None:
        """Told by the recorder, once, when it cannot keep up or cannot write."""
        if self._run is not None:
            self._run.on_store_fault(error)

    def _tell_progress(self, beam_number: int, meterset_mu: float) -> None:
        ends = {item.beam.number: item.program.end_meterset_mu for item in self._order.beams}
        self._environment.progress(beam_number, meterset_mu, ends[beam_number])

    async def _deliver(self, live: LiveRoom) -> SessionResult:
        heart = asyncio.create_task(self._beat(live))
        try:
            await self._deliver_beams(live)
        except asyncio.CancelledError:
            aborted = self._run.delivery if self._run is not None else None
            if aborted is not None and aborted not in self._beams:
                self._beams.append(aborted)
            await self._conclude()
            raise
        finally:
            heart.cancel()
            await asyncio.wait((heart,))
        return await self._conclude()

    async def _deliver_beams(self, live: LiveRoom) -> None:
        for planned in self._order.beams:
            self._run = BeamRun(planned, self._order, live, self._recorder, self._environment)
            self._beams.append(await self._run.run())
            if self._beams[-1].termination_status is not TerminationStatus.NORMAL:
                return

    async def _beat(self, live: LiveRoom) -> None:
        """Keep the machine's dead-man quiet for as long as this loop is alive."""
        while "linac" not in live.lost:
            try:
                await live.linac.heartbeat()
            except GatewayError:
                return
            await asyncio.sleep(self._order.room.bounds.heartbeat_period_s)

    async def _conclude(self) -> SessionResult:
        """Settle an uncertain meterset from the counter if it can be had, and record the end."""
        reason = self._beams[-1].termination_reason if self._beams else "aborted before a beam"
        certain = all(beam.end_meterset_mu is not None for beam in self._beams)
        if not certain:
            certain = await self._count_again()
        outcome = self._outcome(certain)
        await self._recorder.event("end", outcome=outcome.value, reason=reason)
        return SessionResult(outcome, tuple(self._beams), reason)

    async def _count_again(self) -> bool:
        uncertain = self._beams[-1]
        try:
            reading = await count_again(
                self._environment.devices().linac,
                self._order.token,
                uncertain.beam_number,
                self._order.room.bounds,
            )
        except CounterUnknown:
            return False
        start = uncertain.start_meterset_mu
        meterset_mu = reading.meterset_mu if reading is not None else start
        await self._recorder.event(
            "counter", beam=uncertain.beam_number, meterset_mu=meterset_mu, by="machine"
        )
        return True

    def _outcome(self, certain: bool) -> DeliveryOutcome:
        if not certain:
            return DeliveryOutcome.UNRESOLVED
        normal = [beam.termination_status is TerminationStatus.NORMAL for beam in self._beams]
        if all(normal) and len(normal) == len(self._order.beams):
            return DeliveryOutcome.COMPLETE
        return DeliveryOutcome.TERMINATED

    async def _record_identity(self, machine: MachineIdentity, live: LiveRoom) -> None:
        panel = live.panel
        await self._recorder.event(
            "connected",
            machine={
                "manufacturer": machine.manufacturer,
                "model_name": machine.model_name,
                "serial_number": machine.serial_number,
                "software_version": machine.software_version,
                "sample_period_s": machine.sample_period_s,
                "dead_man_s": machine.dead_man_s,
            },
            couch=live.couch_name,
            panel={
                "manufacturer": panel.manufacturer,
                "model_name": panel.model_name,
                "serial_number": panel.serial_number,
                "software_version": panel.software_version,
                "rows": panel.rows,
                "columns": panel.columns,
                "pitch_mm": panel.pitch_mm,
                "sid_mm": panel.sid_mm,
                "bits": panel.bits,
            },
        )
