"""Devices that misbehave on purpose: what the conformance kit must find.

Each is one class that overrides one thing of a sound device; no production path knows of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.room import Room
from gateway.ports.simulation import SimulatedRoom
from simulators.couch.machine import CouchDrive
from simulators.couch.session import CouchSession
from simulators.epid.panel import Panel
from simulators.epid.session import ImagerSession
from simulators.linac.desk import Desk
from simulators.linac.machine import Linac
from simulators.linac.session import LinacSession
from simulators.parts import Parts
from simulators.saboteurs import couch, imager, linac
from simulators.serve import room_of


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
    "ignores-terminate": _desk(linac.IgnoresTerminate),
    "ignores-hold": _desk(linac.IgnoresHold),
    "beam-on-without-prepare": _linac(linac.BeamsUnprepared),
    "beams-by-itself": _linac(linac.BeamsByItself),
    "counter-resets": _desk(linac.ForgetsCounter),
    "dead-man-disabled": _linac(linac.NoDeadMan),
    "meterset-backwards": _linac_session(linac.MetersetGoesBack),
    "clock-backwards": _linac_session(linac.ClockGoesBack),
    "accepts-out-of-limit": _linac(linac.TakesAnything),
    "repeats-beam": _linac(linac.RepeatsBeams),
    "sends-garbage": _linac_session(linac.BabblingLinac),
    "never-answers": _desk(linac.SilentDesk),
    "sequence-gaps": _linac_session(linac.SequenceGaps),
    "telemetry-stops": _linac_session(linac.TelemetryStops),
    "answers-heartbeats": _desk(linac.AnswersHeartbeats),
    "couch-ignores-stop": _couch(couch.CouchIgnoresStop),
    "couch-lies-idle": _couch_session(couch.CouchLiesIdle),
    "couch-leaves-travel": _couch(couch.CouchLeavesTravel),
    "couch-sends-garbage": _couch_session(couch.BabblingCouch),
    "couch-never-answers": _couch_session(couch.SilentCouch),
    "imager-loses-frames": _panel(imager.LosesFrames),
    "imager-wrong-count": _imager_session(imager.MiscountsFrames),
    "imager-wrong-beam": _panel(imager.MislabelsFrames),
    "imager-never-answers": _imager_session(imager.SilentImager),
    "imager-sends-garbage": _imager_session(imager.BabblingImager),
}
"""Every saboteur by name."""
