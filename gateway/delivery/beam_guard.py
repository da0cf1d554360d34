"""Everything that watches a beam while it is on."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from gateway.delivery.live_room import LiveRoom
from gateway.delivery.recorder import Recorder
from gateway.delivery.result import Environment, Order
from gateway.delivery.watch import Action, BeamWatch, Trip
from gateway.domain.delivery import (
    CouchSample,
    Interlock,
    MachineEvent,
    MachineSample,
    MachineState,
    PortalFrame,
    TerminationStatus,
)
from gateway.domain.errors import GatewayError, RemoteProtocolError
from gateway.domain.evidence import FrameRecord, LinkIncident
from gateway.domain.program import MachineProgram
from gateway.domain.units import NS_PER_S
from gateway.ports.store import Json

_ENDED = {
    MachineState.COMPLETE: TerminationStatus.NORMAL,
    MachineState.TERMINATED: TerminationStatus.MACHINE,
    MachineState.FAULT: TerminationStatus.MACHINE,
    MachineState.IDLE: TerminationStatus.MACHINE,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a beam came to its end."""

    status: TerminationStatus
    reason: str


class BeamGuard:
    """Listens to the room during one beam, enforces every ceiling, and says when it ended.

    As an async context it also watches for silence. ``ended`` resolves with the Ending.
    """

    def __init__(
        self,
        program: MachineProgram,
        order: Order,
        live: LiveRoom,
        recorder: Recorder,
        environment: Environment,
    ) -> None:
        self._program = program
        self._order = order
        self._bounds = order.room.bounds
        self._live = live
        self._recorder = recorder
        self._environment = environment
        self._watch = BeamWatch(program, self._bounds, order.room.machine.mu_per_pulse)
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[Ending] = self._loop.create_future()
        self._armed = False
        self._on = False
        self._heard_s = self._loop.time()
        self._couch_heard_s = self._loop.time()
        self._couch_start: CouchSample | None = None
        self._interlocks = Interlock.NONE
        self._tripped: dict[Action, Trip] = {}
        self._incidents: list[LinkIncident] = []
        self._frames: list[FrameRecord] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._silence: asyncio.Task[None] | None = None

    def arm(self) -> None:
        """From here on samples are recorded and judged."""
        self._armed = True
        self._heard_s = self._couch_heard_s = self._loop.time()
        self._couch_start = self._live.couch_sample

    async def __aenter__(self) -> Self:
        self._silence = self._loop.create_task(self._watch_silence())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._silence is not None:
            self._silence.cancel()
            await asyncio.wait((self._silence,))
            if not self._silence.cancelled():
                self._silence.result()

    async def settle(self) -> None:
        """Wait for what was still being enforced or recorded. Raises StoreError."""
        while self._tasks:
            done, _ = await asyncio.wait(self._tasks)
            self._tasks -= done
            for task in done:
                task.result()

    def on_store_fault(self, error: GatewayError) -> None:
        """A record that cannot be kept ends the beam."""
        self._trip(Trip(Action.TERMINATE, "store", str(error)))

    @property
    def interlocks(self) -> tuple[str, ...]:
        """Names of every interlock seen."""
        return tuple(flag.name or str(flag.value) for flag in Interlock if flag & self._interlocks)

    def on_sample(self, sample: MachineSample) -> None:
        """Record, judge, and notice the end."""
        if not self._armed:
            return
        self._heard_s = sample.received_ns / NS_PER_S
        self._recorder.sample(sample)
        if sample.interlocks:
            self._interlocks |= sample.interlocks
        trip = self._watch.judge(sample)
        if trip is not None:
            self._trip(trip)
        if sample.state in (MachineState.BEAM_ON, MachineState.HELD):
            self._on = True
        elif sample.state in _ENDED:
            self._end_by_state(sample)

    def on_event(self, event: MachineEvent) -> None:
        """Record what the machine says of itself."""
        self._interlocks |= event.interlocks
        self._spawn_record(
            "machine",
            code=event.code,
            text=event.text,
            state=int(event.state),
            interlocks=int(event.interlocks),
            machine_time_ns=event.machine_time_ns,
        )

    def on_couch(self, sample: CouchSample) -> None:
        """Record the couch and hold when it leaves where it stood at beam-on."""
        if not self._armed:
            return
        self._couch_heard_s = sample.received_ns / NS_PER_S
        self._recorder.couch_sample(sample)
        if self._couch_start is None:
            self._couch_start = sample
        for axis, position in sample.positions_mm.items():
            moved = position - self._couch_start.positions_mm[axis]
            if abs(moved) > self._order.tolerance.couch_mm:
                text = f"{axis} moved {moved:+.2f} mm while the beam was on"
                self._trip(Trip(Action.HOLD, "couch-position", text))

    def on_frame(self, frame: PortalFrame) -> None:
        """Keep a portal frame."""
        self._frames.append(FrameRecord.of(frame))
        self._environment.frames.put(frame)

    def on_lost(self, device: str, error: GatewayError) -> None:
        """A lost linac ends the beam for us; a lost couch ends it by command; an imager not."""
        self.incident(device, error)
        if device == "linac":
            self._end(Ending(TerminationStatus.UNKNOWN, str(error)))
        elif device == "couch" and self._armed:
            self._trip(Trip(Action.TERMINATE, "couch-lost", str(error)))

    def incident(self, device: str, error: GatewayError) -> None:
        """Keep what happened to a device's link."""
        code = "protocol-error" if isinstance(error, RemoteProtocolError) else "link-lost"
        self._note(device, code, str(error))

    async def record_incidents(self) -> None:
        """Make every incident durable."""
        for item in self._incidents:
            await self._recorder.event(
                "incident",
                beam=self._program.beam_number,
                device=item.device,
                code=item.code,
                text=item.text,
                control_point=item.control_point,
            )

    def frame_log(self, frames_sent: int | None) -> dict[str, Json]:
        """The frames of this beam without pixels, as they came."""
        return {
            "beam": self._program.beam_number,
            "sent": frames_sent,
            "frames": [
                [
                    int(frame.kind),
                    frame.number,
                    frame.start_time_ns,
                    frame.end_time_ns,
                    frame.start_meterset_mu,
                    frame.end_meterset_mu,
                    frame.saturated,
                ]
                for frame in self._frames
            ],
        }

    async def _watch_silence(self) -> None:
        bounds = self._bounds
        while not self.ended.done():
            await self._let_waiting_bytes_in()
            silent_s = self._loop.time() - self._heard_s
            if silent_s >= bounds.terminate_after_s:
                self._stale(Action.TERMINATE, silent_s)
                return
            if silent_s >= bounds.hold_after_s:
                self._stale(Action.HOLD, silent_s)
            couch_silent_s = self._loop.time() - self._couch_heard_s
            if couch_silent_s >= self._order.room.couch.staleness_s:
                text = f"no couch report for {couch_silent_s:.2f} s"
                self._note_once("couch", "stale-telemetry", text)
                self._trip(Trip(Action.HOLD, "couch-stale", text))
            held = silent_s >= bounds.hold_after_s
            limit = bounds.terminate_after_s if held else bounds.hold_after_s
            await asyncio.sleep(max(limit - silent_s, bounds.hold_after_s / 20))

    async def _let_waiting_bytes_in(self) -> None:
        """A late wake-up of ours is not the machine's silence: read what already waits."""
        for _ in range(3):
            await asyncio.sleep(0)

    def _stale(self, action: Action, silent_s: float) -> None:
        text = f"no telemetry for {silent_s * 1000:.0f} ms"
        self._note_once("linac", "stale-telemetry", text)
        self._trip(Trip(action, "stale-telemetry", text))

    def _note_once(self, device: str, code: str, text: str) -> None:
        if not any(item.device == device and item.code == code for item in self._incidents):
            self._note(device, code, text)

    def _note(self, device: str, code: str, text: str) -> None:
        sample = self._live.sample
        control_point = None
        if self._on and sample is not None:
            control_point = self._program.plan_control_point_at(sample.program_s)
        self._incidents.append(LinkIncident(device, code, text, control_point))

    def _trip(self, trip: Trip) -> None:
        if self.ended.done() or trip.action in self._tripped or Action.TERMINATE in self._tripped:
            return
        self._tripped[trip.action] = trip
        self._spawn(self._enforce(trip))

    async def _enforce(self, trip: Trip) -> None:
        linac = self._live.linac
        try:
            await (linac.hold() if trip.action is Action.HOLD else linac.terminate())
        except GatewayError as error:
            self.incident("linac", error)
        await self._recorder.event(
            trip.action.value, beam=self._program.beam_number, code=trip.code, text=trip.text
        )
        if trip.action is Action.TERMINATE:
            await asyncio.wait((self.ended,), timeout=self._bounds.terminate_after_s)
            self._end(Ending(TerminationStatus.MACHINE, f"{trip.code}: {trip.text}"))

    def _end_by_state(self, sample: MachineSample) -> None:
        if sample.state is MachineState.COMPLETE:
            self._end(Ending(TerminationStatus.NORMAL, ""))
            return
        trip = self._tripped.get(Action.TERMINATE) or self._tripped.get(Action.HOLD)
        names = "+".join(self.interlocks) or sample.state.name
        reason = f"{trip.code}: {trip.text}" if trip else f"the machine ended the beam: {names}"
        self._end(Ending(_ENDED[sample.state], reason))

    def _end(self, ending: Ending) -> None:
        if not self.ended.done():
            self.ended.set_result(ending)

    def _spawn_record(self, kind: str, **body: Json) -> None:
        body = {"beam": self._program.beam_number, **body}
        self._spawn(self._record(kind, body))

    async def _record(self, kind: str, body: dict[str, Json]) -> None:
        await self._recorder.event(kind, **body)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
