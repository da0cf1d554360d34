"""What a ceiling, or an operator, demands of a beam that is on: act first, then record."""

import asyncio
import math
from collections.abc import Callable, Coroutine

from gateway.delivery.beam_notes import BeamNotes
from gateway.delivery.beam_state import BeamState
from gateway.delivery.ending import Ending
from gateway.delivery.live_room import LiveRoom
from gateway.delivery.recorder import Recorder
from gateway.delivery.watch import OPERATOR, Action, Trip
from gateway.domain.delivery import MachineState, TerminationStatus
from gateway.domain.errors import GatewayError, MachineFault, ReplyTimeout
from gateway.domain.room import Bounds
from gateway.ports.store import Json


class Enforcement:
    """Holds and terminates one beam, at most once each.

    ``off`` is set when the beam is being turned off, ``ended`` when it has its Ending. A ceiling's
    hold takes the place of an operator's, which may be released; no other is.
    ``control_point`` says where the beam stands when a link fails.
    """

    def __init__(
        self,
        beam_number: int,
        bounds: Bounds,
        live: LiveRoom,
        recorder: Recorder,
        notes: BeamNotes,
        control_point: Callable[[], float | None],
    ) -> None:
        self._beam_number = beam_number
        self._bounds = bounds
        self._live = live
        self._recorder = recorder
        self._notes = notes
        self._control_point = control_point
        self._loop = asyncio.get_running_loop()
        self._hold_obeyed_s = math.inf
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_wait: asyncio.TimerHandle | None = None
        self.state = BeamState()
        self.tripped: dict[Action, Trip] = {}
        self.off: asyncio.Future[None] = self._loop.create_future()
        self.ended: asyncio.Future[Ending] = self._loop.create_future()

    @property
    def held_by_operator(self) -> bool:
        """Whether nothing but an operator holds the beam."""
        standing = self.tripped.get(Action.HOLD)
        return standing is not None and standing.code == OPERATOR

    @property
    def ending(self) -> bool:
        """Whether the beam has been turned off, is being so, or has ended."""
        return self.ended.done() or self.off.done() or Action.TERMINATE in self.tripped

    @property
    def hold_obeyed(self) -> bool:
        """Whether the machine has answered the hold that stands."""
        return self._hold_obeyed_s < math.inf

    def trip(self, trip: Trip) -> "asyncio.Task[None] | None":
        """Demand it; the task that does so, or None where it adds nothing."""
        if self.ended.done() or Action.TERMINATE in self.tripped:
            return None
        standing = self.tripped.get(trip.action)
        if standing is None:
            self.tripped[trip.action] = trip
            return self._spawn(self._enforce(trip))
        if standing.code != OPERATOR or trip.code == OPERATOR:
            return None
        self.tripped[trip.action] = trip
        return self.note(trip)

    def note(self, trip: Trip) -> "asyncio.Task[None]":
        """Record a demand that the machine obeys already."""
        return self._spawn(self._record(trip))

    def release(self) -> Trip:
        """Let the operator's hold go: from here on the machine may beam."""
        self._hold_obeyed_s = math.inf
        return self.tripped.pop(Action.HOLD)

    def hold_again(self, released: Trip) -> None:
        """The machine has not taken its release: the hold stands as before."""
        if Action.HOLD not in self.tripped:
            self.tripped[Action.HOLD] = released
            self._hold_obeyed_s = self._loop.time()

    def judge_hold(self, state: MachineState, heard_s: float) -> Trip | None:
        """What we have put on hold stays so until it is released or terminated."""
        stands = heard_s - self._hold_obeyed_s <= self._bounds.hold_after_s
        if stands or state is not MachineState.BEAM_ON:
            return None
        text = f"the machine beams although it was held: {self.tripped[Action.HOLD].text}"
        return Trip(Action.TERMINATE, "hold-left", text)

    def end(self, ending: Ending) -> None:
        """The beam has come to its end; the first says how."""
        if not self.ended.done():
            self.ended.set_result(ending)

    def failed(self, device: str, command: str, error: GatewayError) -> None:
        """A command did not do what it should: refused by the device, or lost on the way."""
        if isinstance(error, MachineFault):
            self.record("refused", device=device, command=command, text=str(error))
        elif device not in self._live.lost:
            self._notes.lost(device, error, self._control_point())

    def record(self, kind: str, **body: Json) -> None:
        """Record an event of this beam while it goes on."""
        self._spawn(self._recorder.event(kind, beam=self._beam_number, **body))

    async def turn_off(self) -> None:
        """TERMINATE. Without an answer in time the link to a machine that may beam is closed.

        It holds the beam then, and its dead-man, which hears no heartbeat any more, ends it.
        """
        if not self.off.done():
            self.off.set_result(None)
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

    async def _enforce(self, trip: Trip) -> None:
        """What does not hold is terminated, what does not end is left."""
        if trip.action is Action.TERMINATE:
            ending = Ending(TerminationStatus.MACHINE, f"{trip.code}: {trip.text}")
            wait_s = self._bounds.terminate_after_s
            self._last_wait = self._loop.call_later(wait_s, self.end, ending)
            await self.turn_off()
        elif await self._held():
            self._hold_obeyed_s = self._loop.time()
        elif not self.state.ended:
            text = f"{trip.text}; the machine did not hold"
            self.trip(Trip(Action.TERMINATE, trip.code, text))
        await self._record(trip)

    async def _record(self, trip: Trip) -> None:
        people: dict[str, Json] = {"by": list(trip.by)} if trip.by else {}
        await self._recorder.event(
            trip.action.value, beam=self._beam_number, code=trip.code, text=trip.text, **people
        )

    async def _held(self) -> bool:
        try:
            await self._live.linac.hold()
        except GatewayError as error:
            self.failed("linac", "hold", error)
            return False
        return True

    def _spawn(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        task = self._loop.create_task(work)
        self._tasks.add(task)
        return task
