"""A decided delivery, carried out: room opened, session run, record finished."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway import __version__
from gateway.adapters.clock import SimulatedClock, SystemClock
from gateway.adapters.frame_spool import FrameSpool
from gateway.app.finish import Finished, Finishing, finish
from gateway.app.hosting import (
    device_factory,
    hosted,
    is_in_process,
    links,
    make_simulated_room,
    url_openers,
)
from gateway.app.identity import Identity, delivery_clock, simulated_epoch_ns
from gateway.app.intake import Intake
from gateway.app.tolerances import RoomTolerances, tolerances_named
from gateway.delivery.ledger import fold
from gateway.delivery.recorder import Recorder
from gateway.delivery.result import Acquisition, Environment, Order, PlannedBeam
from gateway.delivery.session import DeliverySession
from gateway.domain.delivery import FrameKind
from gateway.domain.errors import ConfigError
from gateway.domain.findings import Finding
from gateway.formats.program_file import write_program
from gateway.ports.clock import WallClock
from gateway.ports.store import Json, RecordStore
from gateway.ports.stream import StreamOpener
from gateway.settings import Settings
from gateway.timeloop import run

Progress = Callable[[int, float, float], None]
PERMITS = frozenset({"motion", "beam"})


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for.

    ``speed`` is the factor of real time, infinite for unbounded simulated time, None for the
    default: unbounded when the room is simulated in this process, real otherwise.
    """

    plan: Path | None = None
    room: str | None = None
    fraction_group: int | None = None
    fraction: int | None = None
    beams: tuple[int, ...] = ()
    speed: float | None = None
    cine_fps: float | None = None
    faults: tuple[str, ...] = ()
    seed: int | None = None
    out: Path | None = None
    by: tuple[str, ...] = ()
    permit: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Decided:
    """A delivery that has been decided: nothing has moved yet."""

    intake: Intake
    identity: Identity
    fraction: int
    beams: tuple[PlannedBeam, ...]
    findings: tuple[Finding, ...]
    continues: str | None
    ordinal: int


def carry_out(
    decided: Decided,
    request: Request,
    settings: Settings,
    store: RecordStore,
    progress: Progress,
) -> Finished:
    """Run the session in its time, then finish the record, however the session ended.

    An interrupt from the keyboard turns the beam off, keeps the record and is not raised.
    """
    room = decided.intake.room
    inside = is_in_process(room)
    speed = _speed(request, inside=inside)
    armed_by = _armed_by(request, settings, decided)
    if request.faults and not inside:
        raise ConfigError("--fault is for a room simulated in this process; give it to simulate")
    unbounded = math.isinf(speed)
    seeded = request.seed is not None and unbounded
    epoch_ns = simulated_epoch_ns(decided.intake.plan, decided.ordinal) if seeded else None
    if epoch_ns is None and speed != 1.0:
        epoch_ns = time.time_ns()
    spool = FrameSpool(store.directory(decided.identity.delivery_id))
    tolerances = tolerances_named(room.tolerances, settings)
    order = _order(decided, request, armed_by, tolerances)
    operation = _Operation(
        decided, request.faults, settings, store, spool, order, epoch_ns, progress
    )
    try:
        run(operation.deliver(inside=inside), None if unbounded else speed)
    except KeyboardInterrupt:
        if fold(store.events(decided.identity.delivery_id)) is None:
            raise
    finally:
        spool.close()
    finishing = Finishing(settings, spool.frames, operation.clock)
    finished = run(finish(store, decided.identity.delivery_id, finishing, request.out), 1.0)
    spool.remove()
    return finished


@dataclass(slots=True)
class _Operation:
    """Everything one session is made of; ``clock`` stands still at its end afterwards."""

    decided: Decided
    faults: tuple[str, ...]
    settings: Settings
    store: RecordStore
    spool: FrameSpool
    order: Order
    epoch_ns: int | None
    progress: Progress
    clock: WallClock = field(default_factory=SystemClock)

    async def deliver(self, *, inside: bool) -> None:
        """Run the session over memory streams or over the room's own links."""
        clock = delivery_clock(self.epoch_ns, asyncio.get_running_loop().time)
        try:
            async with self._openers(inside=inside) as openers:
                await self._session(clock, openers).run()
        finally:
            ended_ns = clock.now_ns()
            if self.epoch_ns is not None:
                self.clock = SimulatedClock(ended_ns, lambda: 0.0)

    def _session(self, clock: WallClock, openers: Mapping[str, StreamOpener]) -> DeliverySession:
        recorder = Recorder(self.store, self.decided.identity.delivery_id, clock, time.monotonic)
        environment = Environment(
            device_factory(self.order.room, openers), self.spool, clock, self.progress
        )
        return DeliverySession(self.order, recorder, environment)

    @asynccontextmanager
    async def _openers(self, *, inside: bool) -> AsyncIterator[Mapping[str, StreamOpener]]:
        room = self.order.room
        if not inside:
            yield url_openers(room)
            return
        simulated = make_simulated_room(
            room,
            seed=self.decided.identity.seed,
            faults=self.faults,
            state_dir=simulator_state(self.settings, room.name),
        )
        async with hosted(simulated) as openers:
            yield openers


def simulator_state(settings: Settings, room: str) -> Path:
    """Where the simulated devices of a room keep their counter and ground truth."""
    return settings.store / "simulators" / room


def _speed(request: Request, *, inside: bool) -> float:
    if request.speed is None:
        return math.inf if inside else 1.0
    if math.isinf(request.speed) and not inside:
        raise ConfigError(
            "--speed max needs every link in this process; over TCP or serial lines use "
            "--speed real, or the factor that the devices run at"
        )
    return request.speed


def _armed_by(request: Request, settings: Settings, decided: Decided) -> tuple[str, ...]:
    """Who arms: one person in a simulated room, two in a real one, with this run's permit."""
    people = tuple(dict.fromkeys(request.by)) or (settings.operator,)
    if decided.intake.room.simulated:
        return people
    if len(people) < 2:
        raise ConfigError("a real room is armed by two different people: --by A --by B")
    if request.permit != PERMITS:
        raise ConfigError("a real room moves and beams only with --permit motion,beam")
    return people


def _order(
    decided: Decided, request: Request, armed_by: tuple[str, ...], tolerances: RoomTolerances
) -> Order:
    intake, identity = decided.intake, decided.identity
    cine = request.cine_fps is not None
    kind = FrameKind.CINE if cine else FrameKind.INTEGRATED
    files = {"plan.dcm": intake.file.content}
    files |= {
        f"program_beam_{planned.beam.number}.npz": write_program(planned.program)
        for planned in decided.beams
    }
    return Order(
        token=identity.token,
        intent=_intent(decided, request, armed_by),
        files=files,
        room=intake.room,
        beams=decided.beams,
        acquisition=Acquisition(kind, request.cine_fps or 0.0),
        tolerance=tolerances.read_back,
        armed_by=armed_by,
    )


def _intent(decided: Decided, request: Request, armed_by: tuple[str, ...]) -> Mapping[str, Json]:
    intake, plan = decided.intake, decided.intake.plan
    return {
        "plan_uid": plan.sop_instance_uid,
        "plan_sha256": plan.sha256,
        "plan_label": plan.label,
        "fraction_group": plan.fraction_group.number,
        "fraction": decided.fraction,
        "fractions_planned": plan.fraction_group.fractions_planned,
        "room": intake.room.name,
        "room_derived": intake.room_derived,
        "simulated": intake.room.simulated,
        "links": {name: link.url for name, link in links(intake.room).items()},
        "seed": decided.identity.seed,
        "token": decided.identity.token.hex(),
        "continues": decided.continues,
        "cine_fps": request.cine_fps,
        "operators": list(armed_by),
        "software": __version__,
        "mu_per_pulse": intake.room.machine.mu_per_pulse,
        "sad_mm": intake.room.machine.sad_mm,
        "tolerances": intake.room.tolerances,
        "findings": [
            [finding.severity.value, finding.rule, finding.path, finding.message]
            for finding in decided.findings
        ],
        "beams": [
            {
                "number": planned.beam.number,
                "name": planned.beam.name,
                "planned_mu": planned.beam.meterset_mu,
                "start_meterset_mu": planned.program.start_meterset_mu,
            }
            for planned in decided.beams
        ],
    }
