"""The worklist as its performer: UPS Pull and Watch as SCU (PS3.4 CC.3; IHE-RO TDW-II).

A step is an instance of UPS Push whatever the presentation context is for (CC.2): requests name
that class, and travel under the context of Pull or Watch.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydicom import Dataset
from pynetdicom.association import Association

from gateway.adapters.dicomnet.associate import (
    Requested,
    answered,
    association,
    require_context,
    who,
)
from gateway.adapters.dicomnet.responses import refused, require_done
from gateway.dicom.sop_classes import UPS_PULL, UPS_PUSH, UPS_WATCH
from gateway.dicom.ups.changes import (
    final_update,
    progress_update,
    state_change,
    subscription,
    unsubscription,
)
from gateway.dicom.ups.query import WorklistQuery, attributes_asked, query_identifier
from gateway.dicom.ups.statuses import CANCELED, PENDING, SUCCESS
from gateway.dicom.ups.work_item import read_work_item
from gateway.domain.errors import InputError
from gateway.domain.node import Node, Peer
from gateway.domain.worklist import Performed, Progress, StepState, WorkItem

CHANGE_STATE, SUBSCRIBE, UNSUBSCRIBE = 1, 3, 4
"""Action Type IDs (PS3.4 CC.2)."""
REPLY_S = 30.0
MAXIMUM_ITEMS = 1000
"""More steps than a machine has in a day: what comes beyond them is left out, and told."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorklistClient:
    """Talks to the treatment management system, in an association of its own for each request.

    Every method blocks and raises ConnectFailed, LinkLost, RemoteProtocolError, ConfigError, and
    StepRefused for a status that refuses.
    """

    node: Node
    manager: Peer
    reply_s: float = REPLY_S

    def query(self, query: WorklistQuery) -> list[WorkItem]:
        """Steps that match (RO-58); those that cannot be read are left out, and told."""
        with self._association(UPS_PULL, "UPS Pull") as opened:
            return list(self._found(opened, query_identifier(query)))

    def get(self, uid: str) -> WorkItem:
        """A step as it is now. Raises InputError where it cannot be read."""
        with self._association(UPS_PULL, "UPS Pull") as opened:
            status, attributes = opened.send_n_get(
                attributes_asked(), UPS_PUSH, uid, meta_uid=UPS_PULL
            )
            require_done(self.manager, status, "to give the step")
        whole = attributes if attributes is not None else Dataset()
        whole.SOPInstanceUID = uid
        return read_work_item(whole)

    def claim(self, uid: str, transaction_uid: str) -> None:
        """Become the performer of a step (RO-60)."""
        self._change_state(uid, StepState.IN_PROGRESS, transaction_uid, "the claim")

    def close(self, uid: str, transaction_uid: str, state: StepState) -> None:
        """Bring a claimed step to its final state (RO-65)."""
        self._change_state(uid, state, transaction_uid, f"to close the step as {state}")

    def tell_progress(self, uid: str, transaction_uid: str, progress: Progress) -> None:
        """How far the treatment is (RO-62)."""
        self._update(uid, progress_update(progress, transaction_uid), "the progress")

    def tell_performed(self, uid: str, transaction_uid: str, performed: Performed) -> None:
        """What was performed, before the step is closed (RO-64)."""
        self._update(uid, final_update(performed, transaction_uid), "the final update")

    def subscribe(self, uid: str) -> None:
        """Be told of a step's events from now on (CC.2.3)."""
        self._watch(uid, subscription(self.node.ae_title), SUBSCRIBE, "the subscription")

    def unsubscribe(self, uid: str) -> None:
        """Be told no more."""
        request = "the end of the subscription"
        self._watch(uid, unsubscription(self.node.ae_title), UNSUBSCRIBE, request)

    def _change_state(self, uid: str, state: StepState, transaction_uid: str, request: str) -> None:
        information = state_change(state, transaction_uid)
        with self._association(UPS_PULL, "UPS Pull") as opened:
            status, _ = opened.send_n_action(
                information, CHANGE_STATE, UPS_PUSH, uid, meta_uid=UPS_PULL
            )
            require_done(self.manager, status, request)

    def _update(self, uid: str, modifications: Dataset, request: str) -> None:
        with self._association(UPS_PULL, "UPS Pull") as opened:
            status, _ = opened.send_n_set(modifications, UPS_PUSH, uid, meta_uid=UPS_PULL)
            require_done(self.manager, status, request)

    def _watch(self, uid: str, information: Dataset, action: int, request: str) -> None:
        with self._association(UPS_WATCH, "UPS Watch") as opened:
            status, _ = opened.send_n_action(information, action, UPS_PUSH, uid, meta_uid=UPS_WATCH)
            require_done(self.manager, status, request)

    def _found(self, opened: Association, identifier: Dataset) -> Iterator[WorkItem]:
        responses = opened.send_c_find(identifier, UPS_PULL)
        for count, (status, found) in enumerate(responses, start=1):
            code = answered(self.manager, status, "the worklist query")
            if code == SUCCESS or (code == CANCELED and count > MAXIMUM_ITEMS):
                return
            if code not in PENDING:
                raise refused(self.manager, status, "the worklist query")
            if count <= MAXIMUM_ITEMS:
                yield from self._readable(found)
            elif count == MAXIMUM_ITEMS + 1:
                _log.warning("%s has over %d items: cut", who(self.manager), MAXIMUM_ITEMS)
                opened.send_c_cancel(1, query_model=UPS_PULL)

    def _readable(self, found: Dataset | None) -> Iterator[WorkItem]:
        try:
            yield read_work_item(found if found is not None else Dataset())
        except InputError as problem:
            _log.warning("%s: %s: left out", who(self.manager), problem)

    @contextmanager
    def _association(self, sop_class_uid: str, name: str) -> Iterator[Association]:
        contexts = (Requested(sop_class_uid),)
        with association(self.node, self.manager, contexts, reply_s=self.reply_s) as opened:
            require_context(opened, self.manager, sop_class_uid, name)
            yield opened
