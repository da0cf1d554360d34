"""Event reports as SCU: of steps this node performs, and of verifications (PS3.4 CC.2.4, DD.3.2.4).

Success is answered when what was told is kept. Only the treatment management system and the
verifier are believed: an event can stop a beam.
"""

import logging
import time
from collections.abc import Callable
from typing import cast

from pydicom import Dataset
from pynetdicom import evt
from pynetdicom.dimse_primitives import N_EVENT_REPORT

from gateway.adapters.dicomnet.service import Context, Handler, Service
from gateway.adapters.nodestore.steps import Steps
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.sop_classes import (
    RT_CONVENTIONAL_VERIFICATION,
    UPS_EVENT,
    UPS_GLOBAL_SUBSCRIPTION,
    UPS_PUSH,
)
from gateway.dicom.ups.events import Told, read_step_event, read_verification_event
from gateway.domain.errors import InputError, StoreError
from gateway.domain.node import Node

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110
NO_SUCH_INSTANCE = 0x0112
INVALID_ARGUMENT = 0x0115
NOT_AUTHORISED = 0x0124

Read = Callable[[int, Dataset], Told]

_log = logging.getLogger(__name__)


def event_service(node: Node, steps: Steps, now_ns: Callable[[], int] = time.time_ns) -> Service:
    """Takes the events of the node's worklist and verifier, in whichever association they come."""
    taker = _Taker(steps, now_ns)
    handlers: dict[tuple[str, str], Handler] = {
        ("N-EVENT-REPORT", uid): taker.handler(node.worklist, read_step_event, taker.is_ours)
        for uid in (UPS_PUSH, UPS_EVENT)
    }
    handlers["N-EVENT-REPORT", RT_CONVENTIONAL_VERIFICATION] = taker.handler(
        node.verifier, read_verification_event, lambda _: True
    )
    contexts = (
        Context(UPS_EVENT, requestor_scp=True),
        Context(RT_CONVENTIONAL_VERIFICATION, requestor_scp=True),
    )
    return Service("events of steps and verifications", contexts, handlers)


class _Taker:
    def __init__(self, steps: Steps, now_ns: Callable[[], int]) -> None:
        self._steps = steps
        self._now_ns = now_ns

    def is_ours(self, uid: str) -> bool:
        """Whether an event about a step is worth keeping."""
        return uid == UPS_GLOBAL_SUBSCRIPTION or self._steps.get(uid) is not None

    def handler(self, sender: str, read: Read, wanted: Callable[[str], bool]) -> Handler:
        """Handles events of one sender, an AE title."""

        def take(event: evt.Event) -> tuple[int, None]:
            caller = str(event.assoc.requestor.ae_title).strip()
            if not sender or caller != sender:
                _log.warning("an event report of %s is refused: not a sender of such", caller)
                return NOT_AUTHORISED, None
            return self._taken(event, read, wanted, caller), None

        return take

    def _taken(
        self, event: evt.Event, read: Read, wanted: Callable[[str], bool], caller: str
    ) -> int:
        request = cast("N_EVENT_REPORT", event.request)
        uid, event_type = str(request.AffectedSOPInstanceUID), request.EventTypeID or 0
        try:
            told = read(event_type, event.event_information)
            if wanted(uid):
                self._steps.add_event(uid, event_type, told, self._now_ns())
        except InputError as problem:
            _log.warning("an event report of %s is refused: %s", caller, problem)
            return INVALID_ARGUMENT
        except READING_ERRORS:
            _log.warning("an event report of %s cannot be decoded", caller)
            return INVALID_ARGUMENT
        except StoreError as problem:
            _log.error("an event report of %s cannot be kept: %s", caller, problem)
            return PROCESSING_FAILURE
        return SUCCESS
