"""The worklist on associations: which operations belong to which SOP class (PS3.4 CC.3).

Every step is an instance of UPS Push, whatever class the presentation context was negotiated for
(CC.2); a request that names another class, or comes under a class without that operation, is
refused.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydicom import Dataset
from pynetdicom import evt

from simulators.tms import statuses
from simulators.tms.requests import Caller, answer, caller, data, requested
from simulators.tms.uids import UPS_PULL, UPS_PUSH, UPS_QUERY, UPS_WATCH
from simulators.tms.worklist import Reply, Worklist

CHANGE_STATE, REQUEST_CANCEL, SUBSCRIBE, UNSUBSCRIBE, SUSPEND = range(1, 6)
OPERATIONS: Mapping[str, frozenset[str]] = {
    UPS_PUSH: frozenset({"N-CREATE", "N-GET", "N-ACTION"}),
    UPS_WATCH: frozenset({"C-FIND", "N-GET", "N-ACTION"}),
    UPS_PULL: frozenset({"C-FIND", "N-GET", "N-SET", "N-ACTION"}),
    UPS_QUERY: frozenset({"C-FIND"}),
}
ACTIONS: Mapping[str, frozenset[int]] = {
    UPS_PUSH: frozenset({REQUEST_CANCEL}),
    UPS_WATCH: frozenset({REQUEST_CANCEL, SUBSCRIBE, UNSUBSCRIBE, SUSPEND}),
    UPS_PULL: frozenset({CHANGE_STATE}),
}
NAMES = {UPS_PUSH: "Push", UPS_WATCH: "Watch", UPS_PULL: "Pull", UPS_QUERY: "Query"}


class UpsService:
    """Handlers of pynetdicom's events for the UPS SOP classes.

    ``changed`` is told the UID of a step that an N-SET changed.
    """

    def __init__(self, worklist: Worklist, changed: Callable[[str], None]) -> None:
        self._worklist = worklist
        self._changed = changed

    def create(self, event: evt.Event) -> tuple[Dataset, Dataset | None]:
        """N-CREATE."""
        if refusal := _misplaced(event, "N-CREATE"):
            return refusal
        uid = requested(event, "SOPInstanceUID")
        return _told(self._worklist.create(uid, data(event, "attribute_list")))

    def find(self, event: evt.Event) -> Iterator[tuple[Any, Dataset | None]]:
        """C-FIND."""
        context = caller(event).context
        if "C-FIND" not in OPERATIONS[context]:
            yield answer(statuses.IDENTIFIER_MISMATCH, f"UPS {NAMES[context]} has no C-FIND"), None
            return
        for reply in self._worklist.find(event.identifier):
            if event.is_cancelled:
                yield statuses.CANCEL, None
                return
            yield answer(reply.status, reply.comment), reply.dataset

    def get(self, event: evt.Event) -> tuple[Dataset, Dataset | None]:
        """N-GET."""
        if refusal := _misplaced(event, "N-GET"):
            return refusal
        uid = requested(event, "SOPInstanceUID")
        return _told(self._worklist.get(uid, [int(tag) for tag in event.attribute_identifiers]))

    def set(self, event: evt.Event) -> tuple[Dataset, Dataset | None]:
        """N-SET."""
        if refusal := _misplaced(event, "N-SET"):
            return refusal
        uid = requested(event, "SOPInstanceUID")
        reply = self._worklist.set(uid, data(event, "modification_list"))
        if reply.status == statuses.SUCCESS:
            self._changed(uid)
        return _told(reply)

    def act(self, event: evt.Event) -> tuple[Dataset, Dataset | None]:
        """N-ACTION of any type."""
        if refusal := _misplaced(event, "N-ACTION"):
            return refusal
        who = caller(event)
        kind = event.action_type
        if kind not in ACTIONS[who.context]:
            comment = f"UPS {NAMES[who.context]} has no action type {kind}"
            return answer(statuses.NO_SUCH_ACTION, comment), None
        uid = requested(event, "SOPInstanceUID")
        return _told(self._act(kind, uid, data(event, "action_information"), who))

    def _act(self, kind: int, uid: str, information: Dataset, who: Caller) -> Reply:
        if kind == CHANGE_STATE:
            return self._worklist.change_state(uid, information)
        if kind == REQUEST_CANCEL:
            return self._worklist.request_cancel(uid, information, who.calling)
        if kind == SUBSCRIBE:
            return self._worklist.subscribe(uid, information)
        if kind == UNSUBSCRIBE:
            return self._worklist.unsubscribe(uid, information)
        return self._worklist.suspend(uid, information)


def _misplaced(event: evt.Event, dimse: str) -> tuple[Dataset, None] | None:
    context = caller(event).context
    if dimse not in OPERATIONS[context]:
        comment = f"UPS {NAMES[context]} has no {dimse}"
        return answer(statuses.UNRECOGNISED_OPERATION, comment), None
    named = requested(event, "SOPClassUID")
    if named != UPS_PUSH:
        comment = f"class is UPS {NAMES.get(named, 'none')}; steps are of UPS Push"
        return answer(statuses.CLASS_INSTANCE_CONFLICT, comment), None
    return None


def _told(reply: Reply) -> tuple[Dataset, Dataset | None]:
    return answer(reply.status, reply.comment), reply.dataset or None
