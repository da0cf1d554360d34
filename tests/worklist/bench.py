"""A treatment device without a guard, and a simulated management system, on the loopback."""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pynetdicom import AE

from gateway.adapters.clock import SystemClock
from gateway.adapters.dicomnet.commitment_client import commitment_reply_service
from gateway.adapters.dicomnet.event_service import event_service
from gateway.adapters.dicomnet.same_object import is_same
from gateway.adapters.dicomnet.service import accept
from gateway.adapters.dicomnet.storage_service import storage_service
from gateway.adapters.dicomnet.worklist_client import WorklistClient
from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.files import ObjectFiles
from gateway.adapters.nodestore.objects import Objects
from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.steps import Phase, Step, Steps
from gateway.adapters.store import open_reader
from gateway.app.deliver import continue_delivery, deliver
from gateway.app.node.jobs import Job, Outcome
from gateway.app.node.outbox import DeliveryQueue
from gateway.app.node.room import Progress
from gateway.app.node.worklist_output import OutboxOutputs
from gateway.app.node.worklist_performer import Performer
from gateway.app.node.worklist_performing import performer_of
from gateway.app.request import Request
from gateway.domain.errors import GatewayError
from gateway.domain.node import Node, Peer, Policy, Tls
from gateway.settings import Settings
from simulators.tms.config import Destination, TmsConfig
from simulators.tms.manager import TreatmentManager
from simulators.tms.server import Server
from tests.e2e.deliveries import settings
from tests.worklist.waiting import until

TITLE = "GATEWAY"
ROOM = "truebeam-m120"
HOST = "127.0.0.1"


@dataclass
class InProcessRoom:
    """Delivers in a thread, in simulated time; ``refuses`` is why it does not.

    ``faults`` happen meanwhile, and ``meanwhile`` is called with each progress.
    """

    settings: Settings
    room: str = ROOM
    refuses: str = ""
    faults: tuple[str, ...] = ()
    meanwhile: Callable[[int, float, float], None] = lambda *_: None
    jobs: list[Job] = field(default_factory=list)
    aborted: list[str] = field(default_factory=list)

    async def deliver(self, job: Job, progress: Progress) -> Outcome:
        self.jobs.append(job)
        if self.refuses:
            return Outcome("", self.refuses, None)
        loop = asyncio.get_running_loop()

        def told(*values: Any) -> None:
            loop.call_soon_threadsafe(progress, *values)
            self.meanwhile(*values)

        return await asyncio.to_thread(self._deliver, job, told)

    def abort(self, item: str) -> bool:
        self.aborted.append(item)
        return True

    def _deliver(self, job: Job, told: Callable[..., None]) -> Outcome:
        request = Request(
            plan=None if job.continues else job.plan,
            room=None if job.continues else self.room,
            fraction_group=job.fraction_group,
            fraction=job.fraction,
            beams=job.beams,
            by=job.by,
            request_id=job.request_id,
            faults=self.faults,
            seed=11,
            verifications=job.verifications,
        )
        try:
            if job.continues:
                finished = continue_delivery(job.continues, request, self.settings, told)
            else:
                finished = deliver(request, self.settings, told)
        except GatewayError as reason:
            return Outcome("", str(reason), None)
        return Outcome(finished.entry.delivery_id, "", finished.summary)


@dataclass
class Bench:
    """Both sides, running."""

    tms: TreatmentManager
    node: Node
    settings: Settings
    steps: Steps
    objects: Objects
    outbox: Outbox
    room: InProcessRoom
    port: int
    clock: SystemClock

    @property
    def client(self) -> WorklistClient:
        return WorklistClient(self.node, self.node.peers["TMS"])

    def performer(self, **changes: Any) -> Performer:
        """Quick, and in this room."""
        outputs = OutboxOutputs(
            self.outbox,
            DeliveryQueue(self.node, self.outbox, self.settings.store / "node", self.clock),
            partial(open_reader, self.settings.store),
            lambda content: content,
        )
        made = performer_of(
            self.settings, self.node, self.room, self.objects, self.steps, outputs, self.clock
        )
        return replace(made, **{"poll_s": 0.02, "progress_period_s": 0.05} | changes)

    def want(self, uid: str) -> Step:
        """Ask for a step."""
        step = Step(uid, "TMS", Phase.WANTED, ROOM, self.clock.now_ns(), by=("Phantom^Operator",))
        assert self.steps.want(step)
        return step


@contextmanager
def bench(
    folder: Path,
    *,
    config: TmsConfig | None = None,
    tls: tuple[Tls, Callable[[Tls], tuple[ssl.SSLContext, ssl.SSLContext]]] | None = None,
    destinations: tuple[str, ...] = (),
    verifier: str = "",
    **limits: Any,
) -> Iterator[Bench]:
    """Everything started, and stopped."""
    ours = settings(folder)
    database = NodeDatabase(ours.store / "node")
    files = ObjectFiles(ours.store / "node")
    objects, steps, outbox = Objects(database, files, is_same), Steps(database), Outbox(database)
    contexts = (None, None) if tls is None else tls[1](tls[0])
    wanted = config or TmsConfig()
    wanted = replace(wanted, server_tls=contexts[0], client_tls=contexts[1])
    tms = TreatmentManager(wanted)
    port = tms.start()
    node = _node(port, tls[0] if tls else None, destinations, verifier, limits)
    entity = AE(TITLE)
    services = (
        storage_service(node, objects, files, lambda *_: ()),
        commitment_reply_service(outbox),
        event_service(node, steps),
    )
    handlers = accept(entity, services)
    server = Server(entity, (HOST, 0), handlers, contexts[0])
    tms.know(TITLE, Destination(HOST, server.port, tls is not None))
    try:
        room = InProcessRoom(ours)
        yield Bench(tms, node, ours, steps, objects, outbox, room, server.port, SystemClock())
    finally:
        until(lambda: _is_quiet(tms))
        tms.stop()
        server.stop()
        database.close()


def _is_quiet(tms: TreatmentManager) -> bool:
    """Whether every event report was answered."""
    sent = tms.journal.of("N-EVENT-REPORT-RQ", "out")
    answered = tms.journal.of("N-EVENT-REPORT-RSP")
    return tms._outgoing._queue.empty() and len(sent) == len(answered)


def _node(
    port: int,
    tls: Tls | None,
    destinations: tuple[str, ...],
    verifier: str,
    limits: dict[str, Any],
) -> Node:
    peers = {
        title: Peer(title, HOST, port, Policy.REFUSE, tls=tls is not None)
        for title in ("TMS", "OST", "MPV")
    }
    return Node(
        "bench",
        TITLE,
        HOST,
        0,
        peers,
        tls=tls,
        destinations=destinations,
        worklist="TMS",
        verifier=verifier,
        **limits,
    )
