"""What is delivered, and with what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gateway.delivery.read_back import ReadBackTolerance
from gateway.domain.delivery import FrameKind
from gateway.domain.plan import Beam
from gateway.domain.program import MachineProgram
from gateway.domain.room import Room
from gateway.ports.clock import WallClock
from gateway.ports.devices import CouchDriver, ImagerDriver, LinacDriver
from gateway.ports.frames import FrameSink
from gateway.ports.observer import Observer, Unobserved
from gateway.ports.store import Json


@dataclass(frozen=True, slots=True)
class PlannedBeam:
    """A beam and the program that delivers it, or what remains of it.

    The bounds (seconds) are computed from the program and the room; nothing waits without one.
    """

    beam: Beam
    program: MachineProgram
    prepare_bound_s: float
    couch_bound_s: float


@dataclass(frozen=True, slots=True)
class Acquisition:
    """How the imager records beams that make an image; ``frame_rate_hz`` is 0 if integrated."""

    kind: FrameKind
    frame_rate_hz: float


@dataclass(frozen=True, slots=True)
class Order:
    """One delivery as it was decided, before anything moves.

    ``token`` (16 bytes) names it to the machine's counter; ``intent`` is the body of its first
    event; ``files`` (name to content) are kept with it before anything moves.
    """

    token: bytes
    intent: Mapping[str, Json]
    files: Mapping[str, bytes]
    room: Room
    beams: tuple[PlannedBeam, ...]
    acquisition: Acquisition
    tolerance: ReadBackTolerance
    armed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Devices:
    """The room's three drivers, not yet connected."""

    linac: LinacDriver
    couch: CouchDriver
    imager: ImagerDriver


class DeviceFactory(Protocol):
    """Makes fresh drivers: a link lost once is never used again."""

    def __call__(self) -> Devices:
        """New, unconnected drivers of the room's links."""
        ...


@dataclass(frozen=True, slots=True)
class Environment:
    """What a session uses of the outside besides the devices.

    ``progress(beam_number, meterset_mu, end_meterset_mu)`` is told of durable samples only, and so
    is ``observer`` (who is told of links and couch too).
    """

    devices: DeviceFactory
    frames: FrameSink
    clock: WallClock
    progress: Callable[[int, float, float], None]
    observer: Observer = field(default_factory=Unobserved)
