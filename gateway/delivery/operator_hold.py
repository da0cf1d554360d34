"""An operator's hold, and its release: the only hold that is ever released."""

import asyncio
from collections.abc import Callable, Sequence

from gateway.delivery.enforcement import Enforcement
from gateway.delivery.live_room import LiveRoom
from gateway.delivery.recorder import Recorder
from gateway.delivery.watch import OPERATOR, Action, Trip
from gateway.domain.delivery import Interlock, MachineState
from gateway.domain.errors import GatewayError, MachineFault, NotNow

ENDING = "the beam is being ended"
NO_BEAM = "no beam is on; an abort ends the delivery"


class OperatorHold:
    """Holds and releases one beam on an operator's word.

    ``silence`` tells which device has not been heard in time, "" where each was.
    """

    def __init__(
        self,
        beam_number: int,
        live: LiveRoom,
        recorder: Recorder,
        enforcement: Enforcement,
        silence: Callable[[], str],
    ) -> None:
        self._beam_number = beam_number
        self._live = live
        self._recorder = recorder
        self._enforcement = enforcement
        self._silence = silence
        self._began: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._commanded = False
        self._releasing = False
        self._withdrawn = False

    def commanded(self) -> None:
        """The beam is about to be commanded: a hold waits for it from here on."""
        self._commanded = True

    def began(self) -> None:
        """The machine says that the beam is on."""
        if not self._began.done():
            self._began.set_result(None)

    async def hold(self, by: Sequence[str]) -> None:
        """Hold the beam; obeyed and durable on return. A beam just commanded is held once it is on.

        Raises NotNow, StoreError.
        """
        if not self._commanded:
            raise NotNow(NO_BEAM)
        over = (self._enforcement.ended, self._enforcement.off)
        await asyncio.wait((self._began, *over), return_when=asyncio.FIRST_COMPLETED)
        if self._enforcement.ending:
            raise NotNow(ENDING)
        trip = Trip(Action.HOLD, OPERATOR, f"held by {names(by)}", tuple(by))
        if self._releasing and self._enforcement.held_by_operator:
            self._withdrawn = True
            await _done(self._enforcement.note(trip))
            return
        standing = self._enforcement.tripped.get(Action.HOLD)
        if standing is not None:
            raise NotNow(f"the beam is held already: {standing.text}")
        await _done(self._enforcement.trip(trip))
        if self._enforcement.ending:
            raise NotNow(ENDING)

    async def release(self, by: Sequence[str]) -> None:
        """Let the machine go on; durable, then commanded, once. Raises NotNow, StoreError."""
        if self._releasing:
            raise NotNow("the beam is being resumed already")
        self._require_releasable()
        self._releasing, self._withdrawn = True, False
        try:
            text = f"resumed by {names(by)}"
            await self._recorder.event(
                "resume", beam=self._beam_number, code=OPERATOR, text=text, by=list(by)
            )
            if self._withdrawn:
                raise NotNow("the beam was held again meanwhile")
            self._require_releasable()
        finally:
            self._releasing = False
        await self._command()

    async def _command(self) -> None:
        released = self._enforcement.release()
        try:
            await self._live.linac.resume()
        except MachineFault as refused:
            self._enforcement.failed("linac", "resume", refused)
            self._enforcement.hold_again(released)
            raise NotNow(f"the machine does not resume: {refused}") from refused
        except GatewayError as lost:
            self._enforcement.failed("linac", "resume", lost)
            text = f"nobody knows whether the machine resumed: {lost}"
            self._enforcement.trip(Trip(Action.TERMINATE, "resume", text))
            raise NotNow(text) from lost

    def _require_releasable(self) -> None:
        enforcement, sample = self._enforcement, self._live.sample
        if enforcement.ending:
            raise NotNow(ENDING)
        standing = enforcement.tripped.get(Action.HOLD)
        if standing is None:
            raise NotNow("the beam is not held by an operator")
        if not enforcement.held_by_operator:
            raise NotNow(f"this hold is not for an operator to end: {standing.text}")
        if not enforcement.hold_obeyed or sample is None or sample.state is not MachineState.HELD:
            raise NotNow("the machine does not say that it is held")
        others = sample.interlocks & ~Interlock.OPERATOR_HOLD
        if others or not sample.interlocks & Interlock.OPERATOR_HOLD:
            raise NotNow(f"the machine is held by {'+'.join(_flags(others)) or 'nothing'}")
        silent = self._silence()
        if silent:
            raise NotNow(f"the {silent} has not been heard in time")


async def _done(task: "asyncio.Task[None] | None") -> None:
    if task is not None:
        await asyncio.wait((task,))
        task.result()


def _flags(interlocks: Interlock) -> list[str]:
    return [flag.name or str(flag.value) for flag in Interlock if flag & interlocks]


def names(people: Sequence[str]) -> str:
    """People in a sentence."""
    return " and ".join(people) or "the operator"
