"""What performing steps takes, put together once."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from gateway.adapters.nodestore.steps import Steps
from gateway.app.node.worklist_ports import Manager, Outputs, Record, Room
from gateway.app.node.worklist_preparation import Preparation
from gateway.domain.errors import GatewayError
from gateway.domain.worklist import Code, StepRefused
from gateway.ports.clock import WallClock

POLL_S = 0.2
PROGRESS_PERIOD_S = 2.0

log = logging.getLogger("gateway.app.node.worklist")


def plain(problem: GatewayError) -> str:
    """A problem as logs may have it: without what a peer comments."""
    return problem.plain if isinstance(problem, StepRefused) else str(problem)


@dataclass(frozen=True, slots=True)
class Performer:
    """This room as a treatment delivery device.

    ``station`` is its code on the worklist. ``settle_s`` bounds the wait for commitments,
    ``poll_s`` how long a cancellation goes unnoticed, ``progress_period_s`` is the shortest time
    between two progress updates. ``new_uid`` makes Transaction UIDs.
    """

    station: Code
    steps: Steps
    manager: Manager
    preparation: Preparation
    room: Room
    record: Record
    outputs: Outputs
    clock: WallClock
    settle_s: float
    new_uid: Callable[[], str]
    poll_s: float = POLL_S
    progress_period_s: float = PROGRESS_PERIOD_S
