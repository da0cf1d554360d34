"""A session in a room of scripted drivers."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.adapters.clock import SimulatedClock
from gateway.delivery.ledger import DeliveryEntry, fold
from gateway.delivery.order import Acquisition, Devices, Environment, Order, PlannedBeam
from gateway.delivery.read_back import ReadBackTolerance
from gateway.delivery.recorder import Recorder
from gateway.delivery.session import DeliverySession, SessionResult
from gateway.domain.delivery import DeliveryOutcome, FrameKind
from gateway.domain.errors import LinkLost
from gateway.domain.room import Room
from gateway.planning.compile import compile_beam
from gateway.planning.generate import generate
from gateway.ports.observer import Observer, Unobserved
from gateway.timeloop import run
from tests.delivery.builders import intent
from tests.delivery.fake_couch_imager import Couch, Imager
from tests.delivery.fake_record import Frames, MemoryStore
from tests.delivery.fakes import ROOM, Linac, Machine

BEAM_MU = 5.0
LIMIT_S = 120.0
"""Simulated: no session of two such beams may take longer, whatever goes wrong."""
_BEAM = replace(
    next(iter(generate("open-field", ROOM.machine, seed=1).beams.values())), meterset_mu=BEAM_MU
)


def _order(beams: int, room: Room) -> Order:
    planned = []
    for number in range(1, beams + 1):
        beam = replace(_BEAM, number=number)
        planned.append(PlannedBeam(beam, compile_beam(beam, room, start_meterset_mu=0.0), 5.0, 5.0))
    told = [
        {"number": n, "name": "b", "planned_mu": BEAM_MU, "start_meterset_mu": 0.0}
        for n in range(1, beams + 1)
    ]
    return Order(
        token=bytes(16),
        intent=intent(beams=told)[1],  # type: ignore[arg-type]  # objects of JSON
        files={"plan.dcm": b"plan"},
        room=room,
        beams=tuple(planned),
        acquisition=Acquisition(FrameKind.INTEGRATED, 0.0),
        tolerance=ReadBackTolerance(1.0, 1.0, 1.0, 2.0),
        armed_by=("tester",),
    )


@dataclass
class Scene:
    """Everything a session touches; change it before :meth:`play`."""

    machine: Machine = field(default_factory=Machine)
    couch: Couch = field(default_factory=Couch)
    imager: Imager = field(default_factory=Imager)
    frames: Frames = field(default_factory=Frames)
    store: MemoryStore = field(default_factory=MemoryStore)
    beams: int = 1
    room: Room = ROOM
    progress: Callable[[int, float, float], None] = lambda _beam, _mu, _end: None
    observer: Observer = field(default_factory=Unobserved)
    during: Callable[["Scene", Linac], Awaitable[None]] | None = None
    steps: int = 0
    result: SessionResult | None = None
    task: asyncio.Task[SessionResult] | None = None
    session: DeliverySession | None = None
    limit_s: float = LIMIT_S
    linacs: list[Linac] = field(default_factory=list)

    @property
    def entry(self) -> DeliveryEntry | None:
        """The delivery as the record tells it."""
        return fold(self.store.stored)

    def play(self, *, cancel_at: frozenset[int] = frozenset()) -> SessionResult:
        """Run the session; its main task is cancelled at those of its steps (from 1)."""
        return run(self._play(cancel_at), None)

    async def _play(self, cancel_at: frozenset[int]) -> SessionResult:
        loop = asyncio.get_running_loop()
        recorder = Recorder(self.store, "D", SimulatedClock(0, loop.time), loop.time)
        environment = Environment(
            self._devices,
            self.frames,
            SimulatedClock(0, loop.time),
            self.progress,
            self.observer,
        )
        self.session = session = DeliverySession(
            _order(self.beams, self.room), recorder, environment
        )
        self.task = task = loop.create_task(_Stepped(self, session, cancel_at).run())
        others = loop.create_task(self._others())
        try:
            async with asyncio.timeout(self.limit_s):
                return await task
        finally:
            others.cancel()
            await asyncio.wait((others,))

    async def _others(self) -> None:
        if self.during is not None:
            await self.machine.begun.wait()
            await self.during(self, self.linacs[0])

    def _devices(self) -> Devices:
        linac = Linac(self.machine)
        self.linacs.append(linac)
        return Devices(linac, self.couch, self.imager)


class _Stepped:
    """Runs a session and cancels its task just before it waits for the n-th time."""

    def __init__(self, scene: Scene, session: DeliverySession, cancel_at: frozenset[int]) -> None:
        self._scene = scene
        self._session = session
        self._cancel_at = cancel_at

    async def run(self) -> SessionResult:
        return await self

    def __await__(self) -> Generator[Any, Any, SessionResult]:
        steps = self._session.run().__await__()
        sent, raised = None, None
        while True:
            try:
                waited = steps.send(sent) if raised is None else steps.throw(raised)
            except StopIteration as ended:
                result: SessionResult = ended.value
                return result
            self._scene.steps += 1
            if self._scene.steps in self._cancel_at:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            sent, raised = None, None
            try:
                sent = yield waited
            except BaseException as error:  # noqa: BLE001 - handed on as it came
                raised = error


def assert_off_and_told(scene: Scene) -> None:
    """No beam, by a command of ours where there was one; every begun beam has its end."""
    assert not scene.machine.beaming
    if "beam_on" in scene.machine.log:
        after = scene.machine.log[scene.machine.log.index("beam_on") :]
        assert "terminate" in after
    kinds = scene.store.kinds
    if "intent" in kinds:
        assert kinds[-1] == "end"
        assert kinds.count("beam-intent") == kinds.count("beam-end")
        entry = scene.entry
        assert entry is not None
        assert entry.outcome is not DeliveryOutcome.UNRESOLVED


async def lose_couch(scene: Scene, _: Linac) -> None:
    assert scene.couch.on_lost is not None
    scene.couch.on_lost(LinkLost("cut"))
