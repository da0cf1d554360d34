"""Linac controllers that misbehave: each overrides one thing of a sound one."""

from collections.abc import Iterable
from dataclasses import replace

from simulators.linac.desk import Answer, Desk
from simulators.linac.machine import Linac
from simulators.linac.messages import (
    Ack,
    AskCounter,
    Command,
    Counter,
    Event,
    Heartbeat,
    Sample,
)
from simulators.linac.program import Program
from simulators.linac.session import LinacSession
from simulators.linac.states import State
from simulators.saboteurs.garbage import GARBAGE

_FEW = 10
_SOME = 50
_HALF_MU_UMU = 500_000


class IgnoresTerminate(Desk):
    """TERMINATE is acknowledged and the beam goes on."""

    def terminate(self) -> list[Event]:
        """Nothing."""
        return []


class IgnoresHold(Desk):
    """HOLD is acknowledged and the beam goes on."""

    def hold(self) -> list[Event]:
        """Nothing."""
        return []


class BeamsUnprepared(Linac):
    """BEAM_ON is taken in LOADED: nothing stands where it should."""

    def load(self, program: Program) -> list[Event]:
        """Loaded, and at once as if prepared; says LOADED."""
        events = super().load(program)
        self.state = State.PREPARED
        return events


class BeamsByItself(Linac):
    """The beam starts as soon as the machine is prepared."""

    def advance(self, t_ns: int) -> list[Event | Sample]:
        """BEAM_ON without being asked."""
        told = super().advance(t_ns)
        if self.state is State.PREPARED:
            told += self.beam_on()
        return told


class ForgetsCounter(Desk):
    """The dose counter reads 0 as soon as the beam is off."""

    def counter(self, command: AskCounter) -> Counter:
        """The truth only while the beam is on."""
        counter = super().counter(command)
        if self.linac.state is State.BEAM_ON:
            return counter
        return replace(counter, meterset_umu=counter.start_umu)


class NoDeadMan(Linac):
    """No heartbeat is ever missed."""

    def advance(self, t_ns: int) -> list[Event | Sample]:
        """As if a heartbeat had come just now."""
        self.hear(t_ns)
        return super().advance(t_ns)

    def next_event_at(self) -> int:
        """As if a heartbeat were always to come in time."""
        due_ns = super().next_event_at()
        self.hear(due_ns)
        return due_ns


class MetersetGoesBack(LinacSession):
    """Every few samples the meterset shown is lower than before."""

    _count = 0

    def sample(self, sample: Sample) -> bytes:
        """Lowered now and then."""
        self._count += 1
        if self._count % _FEW == 0 and sample.meterset_umu > _HALF_MU_UMU:
            sample = replace(sample, meterset_umu=sample.meterset_umu - _HALF_MU_UMU)
        return super().sample(sample)


class ClockGoesBack(LinacSession):
    """Every few samples the machine's time is earlier than before."""

    _count = 0

    def sample(self, sample: Sample) -> bytes:
        """Set back now and then."""
        self._count += 1
        if self._count % _FEW == 0:
            sample = replace(sample, time_ns=max(sample.time_ns - 100_000_000, 0))
        return super().sample(sample)


class TakesAnything(Linac):
    """Programs that leave the limits are loaded."""

    def examine_program(self, _program: Program, /) -> None:
        """No check."""


class RepeatsBeams(Linac):
    """A beam that was delivered is taken again."""

    def examine_counter(self, _program: Program, /) -> None:
        """No check."""


class BabblingLinac(LinacSession):
    """After some telemetry come bytes that mean nothing."""

    _count = 0

    def tell(self, happened: Iterable[Event | Sample]) -> bytes:
        """Garbage after some samples."""
        told = super().tell(happened)
        self._count += bool(told)
        return told + (GARBAGE if told and self._count == _SOME else b"")


class SilentDesk(Desk):
    """Requests are carried out and never answered."""

    def handle(self, command: Command, t_ns: int) -> Answer:
        """No reply."""
        _, events = super().handle(command, t_ns)
        return None, events


class SequenceGaps(LinacSession):
    """Every few samples one is missing."""

    _count = 0

    def sample(self, sample: Sample) -> bytes:
        """Nothing now and then, but counted."""
        self._count += 1
        told = super().sample(sample)
        return b"" if self._count % _FEW == 0 else told


class TelemetryStops(LinacSession):
    """After some samples of a beam no more come; the link stays up."""

    _count = 0

    def sample(self, sample: Sample) -> bytes:
        """Nothing after some samples with the beam on."""
        self._count += sample.state is State.BEAM_ON
        return b"" if self._count > _FEW else super().sample(sample)


class AnswersHeartbeats(Desk):
    """Heartbeats are acknowledged, which the protocol has no reply for."""

    def handle(self, command: Command, t_ns: int) -> Answer:
        """One reply too many."""
        reply, events = super().handle(command, t_ns)
        return (Ack() if isinstance(command, Heartbeat) else reply), events
