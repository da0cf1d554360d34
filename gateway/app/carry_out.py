"""A decided delivery, carried out: room opened, session run, record finished."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from gateway.adapters.clock import SimulatedClock, SystemClock
from gateway.adapters.frame_spool import FrameSpool
from gateway.app.attendance import Attendance
from gateway.app.finish import Finished, finish
from gateway.app.hosting import (
    device_factory,
    hosted,
    is_in_process,
    load_drivers,
    make_simulated_room,
    url_openers,
)
from gateway.app.identity import delivery_clock, simulated_epoch_ns
from gateway.app.intake import with_phantom
from gateway.app.machine_files import log_folder, simulator_state
from gateway.app.ordering import armed_by, order_of
from gateway.app.request import Decided, Progress, Request
from gateway.app.stopping import stopping
from gateway.app.tolerances import tolerances_named
from gateway.delivery.ledger import fold
from gateway.delivery.order import DeviceFactory, Environment, Order
from gateway.delivery.recorder import Recorder
from gateway.delivery.session import DeliverySession
from gateway.domain.errors import ConfigError
from gateway.logs import about
from gateway.ports.clock import WallClock
from gateway.ports.simulation import SimulatedRoom
from gateway.ports.store import RecordStore
from gateway.ports.stream import StreamOpener
from gateway.settings import Settings
from gateway.timeloop import run


def carry_out(
    decided: Decided,
    request: Request,
    settings: Settings,
    store: RecordStore,
    progress: Progress,
    attendance: Attendance,
) -> Finished:
    """Run the session in its time, then finish the record, however the session ended.

    A signal to stop turns the beam off and keeps the record; KeyboardInterrupt is raised only
    where no delivery had begun.
    """
    room, delivery_id = decided.intake.room, decided.identity.delivery_id
    inside = is_in_process(room)
    speed = _speed(decided, request, inside=inside)
    people = armed_by(request, settings, decided)
    _require_simulation(decided, request, inside=inside)
    epoch_ns = _epoch_ns(decided, request, speed)
    order = order_of(decided, request, people, tolerances_named(room.tolerances, settings))
    drivers = load_drivers(room)
    simulated = _simulated(decided, request, settings) if inside else None
    if simulated is not None:
        _require_something_to_act_on(simulated, decided)
    spool = FrameSpool(store.directory(delivery_id), attendance.observer)
    operation = _Operation(decided, simulated, store, spool, order, epoch_ns, progress, attendance)
    with about(delivery_id=delivery_id), stopping() as stop:
        try:
            run(stop.deliver(operation.deliver(drivers)), None if math.isinf(speed) else speed)
        finally:
            spool.close()
        if fold(store.events(delivery_id)) is None:
            raise KeyboardInterrupt
        return finish(store, delivery_id, settings, operation.clock, attendance.observer)


def _epoch_ns(decided: Decided, request: Request, speed: float) -> int | None:
    """Where dates begin that follow the loop's time; None where they follow the computer's."""
    if request.seed is not None and math.isinf(speed):
        return simulated_epoch_ns(decided.intake.plan, decided.ordinal)
    return None if speed == 1.0 else time.time_ns()


def _require_simulation(decided: Decided, request: Request, *, inside: bool) -> None:
    """Faults and phantoms want simulated devices in this process, a real room wants real ones."""
    room = decided.intake.room
    if request.faults and not inside:
        raise ConfigError("--fault is for a room simulated in this process; give it to simulate")
    if request.phantom is not None and not inside:
        raise ConfigError("--phantom is for a room simulated in this process; give it to simulate")
    if inside and not room.simulated:
        raise ConfigError(f"room {room.name} is a real one, but its links are in this process")


def _require_something_to_act_on(simulated: SimulatedRoom, decided: Decided) -> None:
    """A fault that nothing of this delivery concerns is a mistake: told before anything moves."""
    aimless = simulated.aimless([beam.program for beam in decided.beams])
    if aimless:
        simulated.close()
        raise ConfigError(
            f"--fault {aimless[0]}: nothing in this delivery that it could act on, neither "
            "in its beams nor in the room"
        )


@dataclass(slots=True)
class _Operation:
    """Everything one session is made of; ``clock`` stands still at its end afterwards."""

    decided: Decided
    simulated: SimulatedRoom | None
    store: RecordStore
    spool: FrameSpool
    order: Order
    epoch_ns: int | None
    progress: Progress
    attendance: Attendance
    clock: WallClock = field(default_factory=SystemClock)

    async def deliver(self, drivers: Mapping[str, Any]) -> None:
        """Run the session over memory streams or over the room's own links."""
        clock = delivery_clock(self.epoch_ns, asyncio.get_running_loop().time)
        try:
            async with self._openers() as openers:
                devices = device_factory(self.order.room, drivers, openers)
                await self._run(self._session(clock, devices))
        finally:
            ended_ns = clock.now_ns()
            if self.epoch_ns is not None:
                self.clock = SimulatedClock(ended_ns, lambda: 0.0)

    async def _run(self, session: DeliverySession) -> None:
        """An abort by name is the session's end like any other."""
        async with self.attendance.control.over(self.decided.identity.delivery_id, session):
            try:
                await session.run()
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or not session.aborted:
                    raise
                task.uncancel()

    def _session(self, clock: WallClock, devices: DeviceFactory) -> DeliverySession:
        recorder = Recorder(self.store, self.decided.identity.delivery_id, clock, time.monotonic)
        observer = self.attendance.observer
        environment = Environment(devices, self.spool, clock, self.progress, observer)
        return DeliverySession(self.order, recorder, environment)

    @asynccontextmanager
    async def _openers(self) -> AsyncIterator[Mapping[str, StreamOpener]]:
        if self.simulated is None:
            yield url_openers(self.order.room)
            return
        async with hosted(self.simulated) as openers:
            yield openers


def _simulated(decided: Decided, request: Request, settings: Settings) -> SimulatedRoom:
    room = decided.intake.room
    return make_simulated_room(
        with_phantom(room, settings, request.phantom),
        seed=decided.identity.seed,
        faults=request.faults,
        state_dir=simulator_state(settings, room.name),
        logs=log_folder(settings, room.name, decided.identity.delivery_id),
    )


def _speed(decided: Decided, request: Request, *, inside: bool) -> float:
    if request.speed is None:
        return math.inf if inside else 1.0
    if math.isinf(request.speed) and not inside:
        raise ConfigError(
            "--speed max needs every link in this process; over TCP or serial lines use "
            "--speed real, or the factor that the devices run at"
        )
    if request.speed != 1.0 and not decided.intake.room.simulated:
        raise ConfigError("a real room runs in real time: --speed real")
    return request.speed
