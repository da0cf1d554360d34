"""Everything that watches a beam while it is on."""

import asyncio
import math
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Self

from gateway.delivery.beam_notes import BeamNotes
from gateway.delivery.beam_state import BEAMING, BeamState
from gateway.delivery.ending import ENDED, Ending, ending_by
from gateway.delivery.live_room import LiveRoom
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
from gateway.domain.errors import GatewayError, MachineFault, RemoteProtocolError, ReplyTimeout
from gateway.domain.program import MachineProgram
from gateway.domain.units import NS_PER_S
from gateway.ports.store import Json


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
        self.state = BeamState()
        self.notes = BeamNotes(program.beam_number)
        self.meterset_mu = program.start_meterset_mu
        self._armed = False
        self._on = False
        self.beamed = False
        """Whether the machine has said that a beam was on, asked for or not."""
        self._heard_s = self._loop.time()
        self._machine_time_ns = -1
        self._hold_obeyed_s = math.inf
        self._couch_heard_s = self._loop.time()
        self._couch_start: Mapping[Axis, float] = {}
        self._tripped: dict[Action, Trip] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._silence: asyncio.Task[None] | None = None
        self._last_wait: asyncio.TimerHandle | None = None

    def arm(self, couch_mm: Mapping[Axis, float]) -> None:
        """From here on samples are recorded and judged; the couch was read back at ``couch_mm``."""
        self._armed = True
        self._heard_s = self._couch_heard_s = self._loop.time()
        self._couch_start = couch_mm

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
        if self._last_wait is not None:
            self._last_wait.cancel()
        failures: list[BaseException] = []
        while self._tasks:
            done, _ = await asyncio.wait(self._tasks)
            self._tasks -= done
            failures += filter(None, (task.exception() for task in done))
        if failures:
            raise failures[0]

    def on_store_fault(self, error: GatewayError) -> None:
        """A record that cannot be kept ends the beam."""
        self._trip(Trip(Action.TERMINATE, "store", str(error)))

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
        trip = self._watch.judge(sample) or (self._judge_our_hold(sample.state) if fresh else None)
        if trip is not None:
            self._trip(trip)
        if sample.state in BEAMING:
            self._on = True
            self.meterset_mu = max(self.meterset_mu, sample.meterset_mu)
        elif sample.state in ENDED:
            self._end(ending_by(sample.state, self._tripped, self.notes.interlocks))

    def on_event(self, event: MachineEvent) -> None:
        """Record what the machine says of itself."""
        self._follow(event.state)
        self.notes.interlock(event.interlocks)
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
        for axis, start_mm in self._couch_start.items():
            moved = sample.positions_mm[axis] - start_mm
            if abs(moved) > self._order.tolerance.couch_mm:
                text = f"{axis} moved {moved:+.2f} mm while the beam was on"
                self._trip(Trip(Action.HOLD, "couch-position", text))

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
            self._end(Ending(TerminationStatus.UNKNOWN, str(error)))
        elif device == "couch" and self._armed:
            self._trip(Trip(Action.TERMINATE, "couch-lost", str(error)))

    def failed(self, device: str, command: str, error: GatewayError) -> None:
        """A command did not do what it should: refused by the device, or lost on the way."""
        if isinstance(error, MachineFault):
            self._spawn_record("refused", device=device, command=command, text=str(error))
        elif device not in self._live.lost:
            self.notes.lost(device, error, self._control_point())

    async def turn_off(self) -> None:
        """TERMINATE. Without an answer in time the link to a machine that may beam is closed.

        It holds the beam then, and its dead-man, which hears no heartbeat any more, ends it.
        """
        if "linac" in self._live.lost:
            return
        try:
            async with asyncio.timeout(
                None if self.state.ended else self._bounds.terminate_after_s
            ):
                await self._live.linac.terminate()
        except (GatewayError, TimeoutError) as reason:
            error = (
                reason if isinstance(reason, GatewayError) else ReplyTimeout("no answer in time")
            )
            self.failed("linac", "terminate", error)
            if not self.state.ended:
                await self._live.give_up_linac(error)

    def _judge_our_hold(self, state: MachineState) -> Trip | None:
        """What we have put on hold stays so until it is terminated: nothing resumes it."""
        stands = self._heard_s - self._hold_obeyed_s <= self._bounds.hold_after_s
        if stands or state is not MachineState.BEAM_ON:
            return None
        text = f"the machine beams although it was held: {self._tripped[Action.HOLD].text}"
        return Trip(Action.TERMINATE, "hold-left", text)

    async def _watch_silence(self) -> None:
        bounds = self._bounds
        while not self.ended.done():
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
                self._trip(Trip(Action.HOLD, "couch-stale", text))
            held = silent_s >= bounds.hold_after_s
            limit = bounds.terminate_after_s if held else bounds.hold_after_s
            await asyncio.sleep(max(limit - silent_s, bounds.hold_after_s / 20))

    def _linac_silent_s(self) -> float:
        return self._loop.time() - self._heard_s

    def _couch_is_stale(self) -> bool:
        return self._loop.time() - self._couch_heard_s >= self._order.room.couch.staleness_s

    async def _let_waiting_bytes_in(self) -> None:
        """A late wake-up of ours is not the machine's silence: read what already waits."""
        for _ in range(3):
            await asyncio.sleep(0)

    def _stale(self, action: Action, silent_s: float) -> None:
        text = f"no new telemetry for {silent_s * 1000:.0f} ms"
        self.notes.stale("linac", text, self._control_point())
        self._trip(Trip(action, "stale-telemetry", text))

    def _control_point(self) -> float | None:
        """Where in the plan's beam the machine stood when it was last heard, once it was on."""
        sample = self._live.sample
        if not self._on or sample is None:
            return None
        return self._program.plan_control_point_at(sample.program_s)

    def _follow(self, told: MachineState) -> None:
        self.beamed = self.beamed or told in BEAMING
        wrong = self.state.follow(told)
        if wrong is not None:
            self._trip(Trip(Action.TERMINATE, "state", wrong))

    def _trip(self, trip: Trip) -> None:
        if self.ended.done() or trip.action in self._tripped or Action.TERMINATE in self._tripped:
            return
        self._tripped[trip.action] = trip
        self._spawn(self._enforce(trip))

    async def _enforce(self, trip: Trip) -> None:
        """Act first, then record. What does not hold is terminated, what does not end is left."""
        if trip.action is Action.TERMINATE:
            ending = Ending(TerminationStatus.MACHINE, f"{trip.code}: {trip.text}")
            wait_s = self._bounds.terminate_after_s
            self._last_wait = self._loop.call_later(wait_s, self._end, ending)
            await self.turn_off()
        elif await self._held():
            self._hold_obeyed_s = self._loop.time()
        elif not self.state.ended:
            text = f"{trip.text}; the machine did not hold"
            self._trip(Trip(Action.TERMINATE, trip.code, text))
        await self._recorder.event(
            trip.action.value, beam=self._program.beam_number, code=trip.code, text=trip.text
        )

    async def _held(self) -> bool:
        try:
            await self._live.linac.hold()
        except GatewayError as error:
            self.failed("linac", "hold", error)
            return False
        return True

    def _end(self, ending: Ending) -> None:
        if not self.ended.done():
            self.ended.set_result(ending)

    def _spawn_record(self, kind: str, **body: Json) -> None:
        self._spawn(self._recorder.event(kind, beam=self._program.beam_number, **body))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.add(self._loop.create_task(work))
