"""Everything that watches a beam while it is on."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from gateway.delivery.beam_notes import BeamNotes
from gateway.delivery.beam_state import BEAMING
from gateway.delivery.ending import ENDED, Ending, ending_by
from gateway.delivery.enforcement import Enforcement
from gateway.delivery.live_room import LiveRoom
from gateway.delivery.operator_hold import OperatorHold
from gateway.delivery.order import Environment, Order
from gateway.delivery.recorder import Recorder
from gateway.delivery.watch import Action, BeamWatch, Trip
from gateway.domain.axes import Axis
from gateway.domain.delivery import (
    CouchSample,
    MachineEvent,
    MachineSample,
    MachineState,
    PortalFrame,
    TerminationStatus,
)
from gateway.domain.errors import GatewayError, RemoteProtocolError
from gateway.domain.program import MachineProgram
from gateway.domain.units import NS_PER_S


class BeamGuard:
    """Listens to the room during one beam, has every ceiling enforced, and notices its end.

    As an async context it also watches for silence. ``enforcement`` acts on the beam,
    ``operator`` holds and resumes it on a person's word.
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
        self.notes = BeamNotes(program.beam_number)
        self.enforcement = Enforcement(
            program.beam_number, self._bounds, live, recorder, self.notes, self._control_point
        )
        self.operator = OperatorHold(
            program.beam_number, live, recorder, self.enforcement, self._silent_device
        )
        self.meterset_mu = program.start_meterset_mu
        self._armed = False
        self._on = False
        self.beamed = False
        """Whether the machine has said that a beam was on, asked for or not."""
        self._heard_s = self._loop.time()
        self._machine_time_ns = -1
        self._couch_heard_s = self._loop.time()
        self._couch_start: Mapping[Axis, float] = {}
        self._silence: asyncio.Task[None] | None = None

    def arm(self, couch_mm: Mapping[Axis, float]) -> None:
        """From here on samples are recorded and judged; the couch was read back at ``couch_mm``."""
        self._armed = True
        self._heard_s = self._couch_heard_s = self._loop.time()
        self._couch_start = couch_mm
        self.operator.commanded()

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

    def on_store_fault(self, error: GatewayError) -> None:
        """A record that cannot be kept ends the beam."""
        self.enforcement.trip(Trip(Action.TERMINATE, "store", str(error)))

    def on_sample(self, sample: MachineSample) -> None:
        """Record, judge, and notice the end."""
        self._follow(sample.state)
        if not self._armed:
            return
        fresh = sample.machine_time_ns > self._machine_time_ns
        if fresh:
            self._machine_time_ns = sample.machine_time_ns
            self._heard_s = sample.received_ns / NS_PER_S
        self._recorder.sample(sample)
        self.notes.interlock(sample.interlocks)
        self._judge(sample, fresh=fresh)
        if sample.state in BEAMING:
            self._on = True
            self.operator.began()
            self.meterset_mu = max(self.meterset_mu, sample.meterset_mu)
        elif sample.state in ENDED:
            tripped = self.enforcement.tripped
            self.enforcement.end(ending_by(sample.state, tripped, self.notes.interlocks))

    def on_event(self, event: MachineEvent) -> None:
        """Record what the machine says of itself."""
        self._follow(event.state)
        self.notes.interlock(event.interlocks)
        self.enforcement.record(
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
        for axis, start_mm in self._couch_start.items():
            moved = sample.positions_mm[axis] - start_mm
            if abs(moved) > self._order.tolerance.couch_mm:
                text = f"{axis} moved {moved:+.2f} mm while the beam was on"
                self.enforcement.trip(Trip(Action.HOLD, "couch-position", text))

    def on_frame(self, frame: PortalFrame) -> None:
        """Keep a portal frame; one of another beam is told as an error of the imager."""
        if frame.beam_number != self._program.beam_number:
            text = f"a frame of beam {frame.beam_number} came during beam"
            error = RemoteProtocolError(f"{text} {self._program.beam_number}")
            self.notes.lost("imager", error, self._control_point())
            return
        self.notes.frame(frame)
        self._environment.frames.put(frame)

    def on_lost(self, device: str, error: GatewayError) -> None:
        """A lost linac ends the beam for us; a lost couch ends it by command; an imager not."""
        self.notes.lost(device, error, self._control_point())
        if device == "linac":
            self.enforcement.end(Ending(TerminationStatus.UNKNOWN, str(error)))
        elif device == "couch" and self._armed:
            self.enforcement.trip(Trip(Action.TERMINATE, "couch-lost", str(error)))

    def _judge(self, sample: MachineSample, *, fresh: bool) -> None:
        enforcement = self.enforcement
        trip = self._watch.judge(sample, by_operator=enforcement.held_by_operator)
        if trip is None and fresh:
            trip = enforcement.judge_hold(sample.state, self._heard_s)
        if trip is not None:
            enforcement.trip(trip)

    async def _watch_silence(self) -> None:
        bounds = self._bounds
        while not self.enforcement.ended.done():
            if self._linac_silent_s() >= bounds.hold_after_s or self._couch_is_stale():
                await self._let_waiting_bytes_in()
            silent_s = self._linac_silent_s()
            if silent_s >= bounds.terminate_after_s:
                self._stale(Action.TERMINATE, silent_s)
                return
            if silent_s >= bounds.hold_after_s:
                self._stale(Action.HOLD, silent_s)
            if self._couch_is_stale():
                text = f"no couch report for {self._loop.time() - self._couch_heard_s:.2f} s"
                self.notes.stale("couch", text, self._control_point())
                self.enforcement.trip(Trip(Action.HOLD, "couch-stale", text))
            held = silent_s >= bounds.hold_after_s
            limit = bounds.terminate_after_s if held else bounds.hold_after_s
            await asyncio.sleep(max(limit - silent_s, bounds.hold_after_s / 20))

    def _linac_silent_s(self) -> float:
        return self._loop.time() - self._heard_s

    def _couch_is_stale(self) -> bool:
        return self._loop.time() - self._couch_heard_s >= self._order.room.couch.staleness_s

    def _silent_device(self) -> str:
        if self._linac_silent_s() >= self._bounds.hold_after_s:
            return "linac"
        return "couch" if self._couch_is_stale() else ""

    async def _let_waiting_bytes_in(self) -> None:
        """A late wake-up of ours is not the machine's silence: read what already waits."""
        for _ in range(3):
            await asyncio.sleep(0)

    def _stale(self, action: Action, silent_s: float) -> None:
        text = f"no new telemetry for {silent_s * 1000:.0f} ms"
        self.notes.stale("linac", text, self._control_point())
        self.enforcement.trip(Trip(action, "stale-telemetry", text))

    def _control_point(self) -> float | None:
        """Where in the plan's beam the machine stood when it was last heard, once it was on."""
        sample = self._live.sample
        if not self._on or sample is None:
            return None
        return self._program.plan_control_point_at(sample.program_s)

    def _follow(self, told: MachineState) -> None:
        self.beamed = self.beamed or told in BEAMING
        wrong = self.enforcement.state.follow(told)
        if wrong is not None:
            self.enforcement.trip(Trip(Action.TERMINATE, "state", wrong))
