"""A delivery: all beams of an order, one after the other, each once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.delivery.beam_run import BeamRun
from gateway.delivery.live_room import LiveRoom
from gateway.delivery.operator_hold import NO_BEAM, OperatorHold
from gateway.delivery.order import Environment, Order
from gateway.delivery.recorder import Recorder
from gateway.delivery.to_its_end import to_its_end
from gateway.domain.delivery import BeamDelivery, DeliveryOutcome, TerminationStatus
from gateway.domain.errors import GatewayError, NotNow
from gateway.logs import about


@dataclass(frozen=True, slots=True)
class SessionResult:
    """How the delivery ended, beam by beam, in the order delivered; the reason for people."""

    outcome: DeliveryOutcome
    beams: tuple[BeamDelivery, ...]
    reason: str


class DeliverySession:
    """Connects the room, delivers, and leaves with the beam off and everything durable."""

    def __init__(self, order: Order, recorder: Recorder, environment: Environment) -> None:
        self._order = order
        self._recorder = recorder
        self._environment = environment
        self._run: BeamRun | None = None
        self._beams: list[BeamDelivery] = []
        self._task: asyncio.Task[object] | None = None
        self.aborted = False
        """Whether it was cancelled by :meth:`abort`."""

    async def run(self) -> SessionResult:
        """Deliver the order.

        Raises LinkError, ProtocolError, MachineFault or ConfigError when the room cannot be
        connected (no delivery has been recorded then), and StoreError when the record cannot be
        kept. Cancellation (an operator's abort) is recorded and raised again.
        """
        self._task = asyncio.current_task()
        observer = self._environment.observer
        self._recorder.watch(self.on_store_fault, self._tell_progress, observer)
        live = LiveRoom(self._environment.devices(), self._order.room, observer)
        try:
            await live.connect()
            for name, content in self._order.files.items():
                await self._recorder.file(name, content)
            return await self._deliver(live)
        finally:
            await to_its_end(live.aclose())

    async def hold(self, by: Sequence[str]) -> None:
        """Hold the beam that runs; obeyed and durable on return. Raises NotNow, StoreError."""
        await self._operator().hold(by)

    async def resume(self, by: Sequence[str]) -> None:
        """End an operator's hold; durable, then commanded, once. Raises NotNow, StoreError."""
        await self._operator().release(by)

    async def abort(self, by: Sequence[str]) -> None:
        """Turn the beam off and end the delivery: as cancelling :meth:`run`, with names."""
        if self._task is not None and not self.aborted:
            self.aborted = True
            if self._run is not None:
                self._run.aborted_by = tuple(by)
            self._task.cancel()

    def _operator(self) -> OperatorHold:
        if self._run is None or self._run.delivery is not None:
            raise NotNow(NO_BEAM)
        return self._run.operator

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
            try:
                await to_its_end(self._open_record(live))
                await self._deliver_beams(live)
            except asyncio.CancelledError:
                await to_its_end(self._conclude())
                raise
            return await to_its_end(self._conclude())
        finally:
            heart.cancel()
            await to_its_end(_ended(heart))

    async def _deliver_beams(self, live: LiveRoom) -> None:
        for planned in self._order.beams:
            self._run = BeamRun(planned, self._order, live, self._recorder, self._environment)
            try:
                with about(beam=planned.beam.number):
                    await self._run.run()
            finally:
                if self._run.delivery is not None:
                    self._beams.append(self._run.delivery)
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
        reason = self._beams[-1].termination_reason if self._beams else "aborted before a beam"
        outcome = self._outcome()
        await self._recorder.event("end", outcome=outcome.value, reason=reason)
        return SessionResult(outcome, tuple(self._beams), reason)

    def _outcome(self) -> DeliveryOutcome:
        if any(beam.end_meterset_mu is None for beam in self._beams):
            return DeliveryOutcome.UNRESOLVED
        normal = [beam.termination_status is TerminationStatus.NORMAL for beam in self._beams]
        if all(normal) and len(normal) == len(self._order.beams):
            return DeliveryOutcome.COMPLETE
        return DeliveryOutcome.TERMINATED

    async def _open_record(self, live: LiveRoom) -> None:
        await self._recorder.event("intent", **self._order.intent)
        machine, panel = live.machine, live.panel
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


async def _ended(heart: "asyncio.Task[None]") -> None:
    await asyncio.wait((heart,))
    if not heart.cancelled():
        heart.result()
