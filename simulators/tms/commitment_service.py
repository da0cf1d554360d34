"""Storage Commitment Push Model as SCP (PS3.4 annex J): the result goes over a new association."""

import threading
from collections.abc import Callable

from pydicom import Dataset
from pynetdicom import evt

from simulators.tms import statuses
from simulators.tms.behaviour import HalfCommits, Manners, NeverCommits
from simulators.tms.data import has, item, items, text
from simulators.tms.objects import ObjectStore
from simulators.tms.outgoing import EventReport
from simulators.tms.requests import answer, caller, data, requested
from simulators.tms.uids import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE

ALL_COMMITTED, SOME_FAILED = 1, 2
"""Event Type IDs (J.3.3)."""


class CommitmentService:
    """The handler of commitment requests. Transaction UIDs are taken once."""

    def __init__(
        self, store: ObjectStore, manners: Manners, post: Callable[[EventReport], None]
    ) -> None:
        self._store = store
        self._manners = manners
        self._post = post
        self._transactions: set[str] = set()
        self._lock = threading.Lock()

    def act(self, event: evt.Event) -> tuple[Dataset, None]:
        """N-ACTION type 1, Request Storage Commitment."""
        if event.action_type != 1:
            return answer(statuses.NO_SUCH_ACTION, f"no action type {event.action_type}"), None
        if requested(event, "SOPInstanceUID") != STORAGE_COMMITMENT_INSTANCE:
            comment = "not the well-known instance of Storage Commitment"
            return answer(statuses.NO_SUCH_INSTANCE, comment), None
        information = data(event, "action_information")
        if not (has(information, "TransactionUID") and has(information, "ReferencedSOPSequence")):
            comment = "Transaction UID and Referenced SOP Sequence are needed"
            return answer(statuses.INVALID_ARGUMENT, comment), None
        who = caller(event)
        result = self._result(information)
        if self._manners.of(NeverCommits) is None:
            event_type = SOME_FAILED if has(result, "FailedSOPSequence") else ALL_COMMITTED
            self._post(
                EventReport(
                    who.called,
                    who.calling,
                    STORAGE_COMMITMENT,
                    STORAGE_COMMITMENT,
                    STORAGE_COMMITMENT_INSTANCE,
                    event_type,
                    result,
                )
            )
        return answer(statuses.SUCCESS), None

    def _result(self, information: Dataset) -> Dataset:
        transaction = text(information, "TransactionUID")
        with self._lock:
            again = transaction in self._transactions
            self._transactions.add(transaction)
        half = self._manners.of(HalfCommits)
        kept: list[Dataset] = []
        failed: list[Dataset] = []
        for place, reference in enumerate(items(information, "ReferencedSOPSequence")):
            sop_class = text(reference, "ReferencedSOPClassUID")
            instance = text(reference, "ReferencedSOPInstanceUID")
            named = item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=instance)
            reason = statuses.DUPLICATE_TRANSACTION if again else self._reason(sop_class, instance)
            if half is not None and not reason and place % 2 == 0:
                reason = half.reason
            if reason:
                named.FailureReason = reason
            (failed if reason else kept).append(named)
        result = item(TransactionUID=transaction)
        if kept:
            result.ReferencedSOPSequence = kept
        if failed:
            result.FailedSOPSequence = failed
        return result

    def _reason(self, sop_class_uid: str, instance_uid: str) -> int:
        """Why an instance is not committed, 0 where it is (J.3.3.1.1)."""
        held = self._store.get(instance_uid)
        if held is None:
            return statuses.NO_SUCH_INSTANCE
        if held.sop_class_uid != sop_class_uid:
            return statuses.CLASS_INSTANCE_CONFLICT
        return statuses.SUCCESS
