"""A delivery session on simulated time, in this process, over memory streams."""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.adapters.clock import SimulatedClock
from gateway.adapters.frame_spool import FrameSpool
from gateway.adapters.store import StoreWriter, open_store
from gateway.app.hosting import device_factory, hosted, load_drivers, make_simulated_room
from gateway.app.intake import Intake, compile_beams, take_in
from gateway.app.tolerances import tolerances_named
from gateway.delivery.order import Acquisition, Devices, Environment, Order
from gateway.delivery.recorder import Recorder
from gateway.delivery.session import DeliverySession
from gateway.domain.delivery import BeamDelivery, DeliveryOutcome, FrameKind
from gateway.timeloop import run
from tests.bench.blind_imager import BlindImager
from tests.bench.figure import Better, Figure, Spent, median_spent, spent
from tests.bench.plans import MACHINE, bench_settings, generated_plan

BEAM = 1
INTEGRATED = Acquisition(FrameKind.INTEGRATED, 0.0)
CINE = Acquisition(FrameKind.CINE, 10.0)
Equip = Callable[[Devices], Devices]


@dataclass(frozen=True)
class Delivered:
    """One session: simulated seconds of the loop, what they took, and its beam."""

    simulated_s: float
    took: Spent
    beam: BeamDelivery


def simulated_delivery_figures(folder: Path) -> list[Figure]:
    """Simulated seconds per second, with telemetry only, an integrated image, and cine."""
    intake = take_in(
        generated_plan(folder, "vmat"),
        bench_settings(folder),
        fraction_group=None,
        room_name=MACHINE,
    )
    return [
        _figure("telemetry only", 200.0, intake, INTEGRATED, _without_imager, 7),
        _figure("integrated image", 20.0, intake, INTEGRATED, _as_it_is, 5),
        _figure("cine 10 frames/s", 3.0, intake, CINE, _as_it_is, 3),
    ]


def _figure(
    what: str, goal: float, intake: Intake, acquisition: Acquisition, equip: Equip, times: int
) -> Figure:
    _deliver(intake, acquisition, equip)
    runs = [_deliver(intake, acquisition, equip) for _ in range(times)]
    simulated_s = runs[0].simulated_s
    took = median_spent([one.took for one in runs])
    best_s = min(one.took.wall_s for one in runs)
    return Figure(
        f"simulated seconds per second, {what}",
        simulated_s / took.wall_s,
        "s/s",
        Better.HIGHER,
        goal,
        {
            "best": simulated_s / best_s,
            "per_cpu_second": simulated_s / took.cpu_s,
            "simulated_s": simulated_s,
            "samples": runs[0].beam.samples,
            "runs": times,
        },
    )


def _deliver(intake: Intake, acquisition: Acquisition, equip: Equip) -> Delivered:
    """One session with a store, a spool and devices of its own."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        order = _order(intake, acquisition, folder)
        spool = FrameSpool(folder)
        with closing(open_store(folder / "store")) as store, closing(spool):
            session = _session(order, store, spool, equip, folder / "machine")
            (simulated_s, beam), took = spent(lambda: run(session, None))
    return Delivered(simulated_s, took, beam)


async def _session(
    order: Order, store: StoreWriter, spool: FrameSpool, equip: Equip, state_dir: Path
) -> tuple[float, BeamDelivery]:
    loop = asyncio.get_running_loop()
    clock = SimulatedClock(time.time_ns(), loop.time)
    simulated = make_simulated_room(order.room, seed=1, faults=(), state_dir=state_dir)
    async with hosted(simulated) as openers:
        make = device_factory(order.room, load_drivers(order.room), openers)
        recorder = Recorder(store, "bench", clock, time.monotonic)
        environment = Environment(lambda: equip(make()), spool, clock, _unseen)
        result = await DeliverySession(order, recorder, environment).run()
    if result.outcome is not DeliveryOutcome.COMPLETE:
        raise RuntimeError(f"the delivery ended {result.outcome}: {result.reason}")
    return loop.time(), result.beams[0]


def _order(intake: Intake, acquisition: Acquisition, folder: Path) -> Order:
    tolerances = tolerances_named(intake.room.tolerances, bench_settings(folder))
    return Order(
        token=secrets.token_bytes(16),
        intent={"plan_uid": intake.plan.sop_instance_uid},
        files={"plan.dcm": intake.file.content},
        room=intake.room,
        beams=compile_beams(intake, [(BEAM, 0.0)]),
        acquisition=acquisition,
        tolerance=tolerances.read_back,
        armed_by=("bench",),
    )


def _as_it_is(devices: Devices) -> Devices:
    return devices


def _without_imager(devices: Devices) -> Devices:
    return replace(devices, imager=BlindImager())


def _unseen(_beam: int, _meterset_mu: float, _end_mu: float) -> None:
    """Nobody watches."""
