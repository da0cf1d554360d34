"""The worklist for people: what is scheduled for a room, what this node does of it, asking for one.

A step that is asked for is performed by the service of its room (``serve``).
"""

from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import Any

from gateway.adapters.dicomnet.worklist_client import WorklistClient
from gateway.adapters.nodestore.database import DATABASE, NodeDatabase
from gateway.adapters.nodestore.steps import Phase, Step, Steps
from gateway.app.intake import find_room
from gateway.app.node.lock import served
from gateway.app.node.outbox import NODE_FOLDER
from gateway.app.records import utc
from gateway.dicom.ups.query import WorklistQuery
from gateway.domain.errors import Blocked, ConfigError
from gateway.domain.node import Node, Peer
from gateway.domain.units import NS_PER_S
from gateway.domain.worklist import Code, WorkItem
from gateway.ports.clock import WallClock
from gateway.settings import Settings

STATION_SCHEME = "99IHERO2008"
SPAN_S = 12 * 3600
"""What starts within half a day, before or after, is listed."""
POLL_S = 0.5


def manager_of(node: Node) -> Peer:
    """The treatment management system. Raises ConfigError where none is configured."""
    if not node.worklist:
        raise ConfigError(f'node {node.name} has no treatment management system: set "worklist"')
    return node.peers[node.worklist]


def station_of(settings: Settings, room: str) -> Code:
    """A room's machine as worklists name it. Raises ConfigError for a room there is not."""
    name = find_room(settings, room).machine.name[:16].rstrip()
    return Code(name, STATION_SCHEME, name)


def list_worklist(
    node: Node, station: str, now_ns: int, names: Callable[[WorkItem], str]
) -> list[dict[str, Any]]:
    """A row for each step that is scheduled for a station about now.

    ``names`` is what is shown of the patient. Raises ConfigError, LinkError, ProtocolError,
    StepRefused.
    """
    span_ns = SPAN_S * NS_PER_S
    query = WorklistQuery(station, starts_ns=(now_ns - span_ns, now_ns + span_ns))
    found = WorklistClient(node, manager_of(node)).query(query)
    return [_item_row(item) | {"patient": names(item)} for item in found]


def full_name(item: WorkItem) -> str:
    """The patient's name and ID."""
    return f"{item.patient_name} ({item.patient_id})"


def no_name(_item: WorkItem) -> str:
    """Nothing of the patient."""
    return ""


def list_steps(settings: Settings) -> list[dict[str, Any]]:
    """A row for each step that this node performs, or has; empty where there is no node."""
    if not (settings.store / NODE_FOLDER / DATABASE).exists():
        return []
    return [step_row(step) for step in open_steps(settings).rows()]


def open_steps(settings: Settings) -> Steps:
    """The steps of the node beside a record store. Raises StoreError."""
    return Steps(NodeDatabase(settings.store / NODE_FOLDER))


def want_step(settings: Settings, node: Node, uid: str, room: str, clock: WallClock) -> None:
    """Ask the room's service to perform a step.

    Raises ConfigError where the node has no worklist, Blocked where no service of that room and
    node runs, or where the step is being performed, or has been.
    """
    station_of(settings, room)
    manager = manager_of(node)
    service = served(settings.store)
    if service is None:
        raise Blocked(f"nobody performs it: start the service first: linac-gateway serve {room}")
    if service.room != room:
        raise Blocked(f"nobody performs it: the service delivers in {service.room}, not in {room}")
    if service.node != node.name:
        raise Blocked(f"nobody performs it: the service has node {service.node}, not {node.name}")
    steps = open_steps(settings)
    by = (settings.operator,) if settings.operator else ()
    wish = Step(uid, manager.ae_title, Phase.WANTED, room, clock.now_ns(), by=by)
    if not steps.want(wish):
        known = steps.get(uid)
        what = "" if known is None else f": it is {known.phase}"
        raise Blocked(f"step {uid} was asked for before{what}")


def follow_step(settings: Settings, uid: str) -> Iterator[Step]:
    """A step whenever it has changed, up to its end; waits in between.

    Raises Blocked when the service has ended before.
    """
    steps, last, pause = open_steps(settings), None, Event()
    while True:
        step = steps.get(uid)
        if step is not None and step != last:
            yield step
            last = step
        if step is not None and step.ended:
            return
        if served(settings.store) is None:
            raise Blocked("the service has ended: it goes on with the step when it runs again")
        pause.wait(POLL_S)


def step_row(step: Step) -> dict[str, Any]:
    """A step in JSON."""
    return {
        "step": step.sop_instance_uid,
        "manager": step.manager,
        "room": step.room,
        "phase": step.phase.value,
        "delivery_id": step.delivery_id,
        "changed": utc(step.changed_ns),
        "reason": step.waiting or step.reason,
        "outputs": _output_rows(step.outputs),
    }


def _output_rows(outputs: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"sop_instance_uid": one.sop_instance_uid, "kept_by": list(one.kept_by)} for one in outputs
    ]


def _item_row(item: WorkItem) -> dict[str, Any]:
    return {
        "step": item.sop_instance_uid,
        "start": item.start,
        "label": item.label,
        "plan": item.plan_label,
        "fraction": item.fraction,
        "fractions_planned": item.fractions_planned,
        "type": item.delivery_type,
        "state": item.state,
        "inputs": item.readiness,
    }
