"""Devices that misbehave on purpose: what the conformance kit must find.

Each is one class that overrides one thing of a sound device; no production path knows of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.domain.room import Room
from gateway.domain.units import FloatArray
from gateway.ports.simulation import SimulatedRoom
from simulators.couch.jog import Point
from simulators.couch.machine import CouchDrive, CouchState
from simulators.couch.session import CouchSession
from simulators.epid.messages import Command as ImagerCommand
from simulators.epid.messages import Exposure, Hello
from simulators.epid.panel import Panel
from simulators.epid.session import ImagerSession, Output
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
from simulators.parts import Parts
from simulators.serve import room_of

GARBAGE = b"\x00\xff\x13\x37 this is no message \xfe\n"
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


class CouchIgnoresStop(CouchDrive):
    """Jog cancel does nothing."""

    def cancel(self) -> None:
        """Nothing."""


class CouchLiesIdle(CouchSession):
    """Every report says Idle."""

    def report(self, _state: CouchState, position: Point, speed: float, /) -> bytes:
        """Idle."""
        return super().report(CouchState.IDLE, position, speed)


class CouchLeavesTravel(CouchDrive):
    """Targets outside the travel are taken."""

    def reaches(self, _axis: str, _position: float, /) -> bool:
        """Always."""
        return True

    def advance(self, t_ns: int) -> int | None:
        """No limit switch either."""
        super().advance(t_ns)
        if self.state is CouchState.ALARM:
            self.unlock()
        return None


class BabblingCouch(CouchSession):
    """Every answer is followed by bytes that mean nothing."""

    def receive(self, data: bytes, t_ns: int) -> bytes:
        """Garbage after what is right."""
        return super().receive(data, t_ns) + GARBAGE


class SilentCouch(CouchSession):
    """Nothing is ever answered."""

    def receive(self, data: bytes, t_ns: int) -> bytes:
        """Carried out, not answered."""
        super().receive(data, t_ns)
        return b""


class LosesFrames(Panel):
    """Frames are counted and never sent."""

    def expose(
        self, positions: FloatArray, dose_mu: float, end_umu: int, span_ns: tuple[int, int]
    ) -> list[Exposure]:
        """Exposed in vain."""
        exposures = super().expose(positions, dose_mu, end_umu, span_ns)
        return [replace(exposure, closes=None) for exposure in exposures]

    def finish(self) -> tuple[list[Exposure], int]:
        """Counted all the same."""
        return [], super().finish()[1]


class MiscountsFrames(ImagerSession):
    """FINISHED names one frame too many."""

    def finished(self, frames: int, sequence: int) -> bytes:
        """One more."""
        return super().finished(frames + 1, sequence)


class MislabelsFrames(Panel):
    """Frames carry the number of another beam."""

    def finish(self) -> tuple[list[Exposure], int]:
        """The next beam's number."""
        exposures, frames = super().finish()
        return [
            replace(exposure, closes=replace(span, beam_number=span.beam_number + 1))
            if (span := exposure.closes)
            else exposure
            for exposure in exposures
        ], frames


class SilentImager(ImagerSession):
    """Nothing but HELLO is answered."""

    def handle(self, message: ImagerCommand, sequence: int) -> Iterator[Output]:
        """Carried out, not answered."""
        outputs = super().handle(message, sequence)
        if isinstance(message, Hello):
            yield from outputs
        else:
            yield from (output for output in outputs if not isinstance(output, bytes))


class BabblingImager(ImagerSession):
    """Every answer but WELCOME is followed by bytes that mean nothing."""

    def handle(self, message: ImagerCommand, sequence: int) -> Iterator[Output]:
        """Garbage after what is right."""
        yield from super().handle(message, sequence)
        if not isinstance(message, Hello):
            yield GARBAGE


@dataclass(frozen=True, slots=True)
class SaboteurSpec:
    """A device that misbehaves: which kind it is, what it does, what it is made of."""

    device: str
    summary: str
    parts: Parts

    def build(self, room: Room, *, seed: int, state_dir: Path) -> SimulatedRoom:
        """The room with this device in it. Raises ConfigError as ``simulated_room`` does."""
        return room_of(self.parts, room, seed=seed, faults=(), state_dir=state_dir)


def _spec(device: str, part: type, **parts: type) -> SaboteurSpec:
    summary = (part.__doc__ or "").strip()
    return SaboteurSpec(device, summary, Parts(**parts))


def _linac(part: type[Linac]) -> SaboteurSpec:
    return _spec("linac", part, linac=part)


def _desk(part: type[Desk]) -> SaboteurSpec:
    return _spec("linac", part, desk=part)


def _linac_session(part: type[LinacSession]) -> SaboteurSpec:
    return _spec("linac", part, linac_session=part)


def _couch(part: type[CouchDrive]) -> SaboteurSpec:
    return _spec("couch", part, couch=part)


def _couch_session(part: type[CouchSession]) -> SaboteurSpec:
    return _spec("couch", part, couch_session=part)


def _panel(part: type[Panel]) -> SaboteurSpec:
    return _spec("imager", part, panel=part)


def _imager_session(part: type[ImagerSession]) -> SaboteurSpec:
    return _spec("imager", part, imager_session=part)


SABOTEURS: Mapping[str, SaboteurSpec] = {
    "ignores-terminate": _desk(IgnoresTerminate),
    "ignores-hold": _desk(IgnoresHold),
    "beam-on-without-prepare": _linac(BeamsUnprepared),
    "beams-by-itself": _linac(BeamsByItself),
    "counter-resets": _desk(ForgetsCounter),
    "dead-man-disabled": _linac(NoDeadMan),
    "meterset-backwards": _linac_session(MetersetGoesBack),
    "clock-backwards": _linac_session(ClockGoesBack),
    "accepts-out-of-limit": _linac(TakesAnything),
    "repeats-beam": _linac(RepeatsBeams),
    "sends-garbage": _linac_session(BabblingLinac),
    "never-answers": _desk(SilentDesk),
    "sequence-gaps": _linac_session(SequenceGaps),
    "telemetry-stops": _linac_session(TelemetryStops),
    "answers-heartbeats": _desk(AnswersHeartbeats),
    "couch-ignores-stop": _couch(CouchIgnoresStop),
    "couch-lies-idle": _couch_session(CouchLiesIdle),
    "couch-leaves-travel": _couch(CouchLeavesTravel),
    "couch-sends-garbage": _couch_session(BabblingCouch),
    "couch-never-answers": _couch_session(SilentCouch),
    "imager-loses-frames": _panel(LosesFrames),
    "imager-wrong-count": _imager_session(MiscountsFrames),
    "imager-wrong-beam": _panel(MislabelsFrames),
    "imager-never-answers": _imager_session(SilentImager),
    "imager-sends-garbage": _imager_session(BabblingImager),
}
"""Every saboteur by name."""
