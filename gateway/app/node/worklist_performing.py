"""A room as treatment delivery device, put together from its node's parts."""

from dataclasses import dataclass
from threading import Event
from uuid import uuid4

from gateway.adapters.dicomnet.verification_client import VerificationClient
from gateway.adapters.dicomnet.worklist_client import WorklistClient
from gateway.adapters.nodestore.objects import Objects
from gateway.adapters.nodestore.steps import Steps
from gateway.app.node.worklist import manager_of, station_of
from gateway.app.node.worklist_inputs import RetrievedInputs
from gateway.app.node.worklist_performer import Performer
from gateway.app.node.worklist_ports import Outputs, Room
from gateway.app.node.worklist_preparation import Preparation
from gateway.app.node.worklist_record import RoomRecord
from gateway.dicom.ups.events import VERIFICATION_DONE
from gateway.domain.node import Node
from gateway.ports.clock import WallClock
from gateway.settings import Settings

VERDICT_S = 60.0
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Waits for verdicts, which the node's listener keeps as they come."""

    steps: Steps
    verdict_s: float = VERDICT_S

    def came(self, uid: str, before: int) -> bool:
        """Whether one more than ``before`` came for a verification in time."""
        pause = Event()
        for _ in range(round(self.verdict_s / POLL_S)):
            if len(self.steps.events(uid, (VERIFICATION_DONE,))) > before:
                return True
            pause.wait(POLL_S)
        return False


def performer_of(
    settings: Settings,
    node: Node,
    room: Room,
    objects: Objects,
    steps: Steps,
    outputs: Outputs,
    clock: WallClock,
) -> Performer:
    """What performs a room's steps. Raises ConfigError where the node has no worklist."""
    station = station_of(settings, room.room)
    record = RoomRecord(settings, room.room)
    verifier = None
    if node.verifier:
        done = Verdicts(steps).came
        verifier = VerificationClient(node, node.peers[node.verifier], done)
    return Performer(
        station=station,
        steps=steps,
        manager=WorklistClient(node, manager_of(node)),
        preparation=Preparation(
            station=station.value,
            inputs=RetrievedInputs(node, objects),
            record=record,
            verifier=verifier,
            verifier_ae=node.verifier,
            new_uid=new_uid,
        ),
        room=room,
        record=record,
        outputs=outputs,
        clock=clock,
        settle_s=node.storage_commitment_s,
        new_uid=new_uid,
    )


def new_uid() -> str:
    """A UID that nobody has had before (PS3.5 B.2)."""
    return f"2.25.{uuid4().int}"
