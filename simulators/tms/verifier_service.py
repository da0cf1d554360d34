"""The verifier on associations; its verdict goes over a new association (PS3.4 DD.3.2.4)."""

from collections.abc import Callable

from pydicom import Dataset
from pynetdicom import evt

from simulators.tms import statuses
from simulators.tms.outgoing import EventReport
from simulators.tms.requests import answer, caller, data, requested
from simulators.tms.uids import MACHINE_VERIFICATION
from simulators.tms.verifier import Verifier
from simulators.tms.worklist import Reply

REQUEST_VERIFICATION = 1
DONE = 2
"""Action and Event Type IDs."""


class VerifierService:
    """Handlers of pynetdicom's events for RT Conventional Machine Verification."""

    def __init__(self, verifier: Verifier, post: Callable[[EventReport], None]) -> None:
        self._verifier = verifier
        self._post = post

    def create(self, event: evt.Event) -> tuple[Dataset, Dataset | None]:
        """N-CREATE."""
        uid = requested(event, "SOPInstanceUID")
        return _told(self._verifier.create(uid, data(event, "attribute_list")))

    def set(self, event: evt.Event) -> tuple[Dataset, Dataset | None]:
        """N-SET."""
        uid = requested(event, "SOPInstanceUID")
        return _told(self._verifier.set(uid, data(event, "modification_list")))

    def get(self, event: evt.Event) -> tuple[Dataset, Dataset | None]:
        """N-GET."""
        uid = requested(event, "SOPInstanceUID")
        return _told(self._verifier.get(uid, [int(tag) for tag in event.attribute_identifiers]))

    def act(self, event: evt.Event) -> tuple[Dataset, None]:
        """N-ACTION type 1."""
        if event.action_type != REQUEST_VERIFICATION:
            return answer(statuses.NO_SUCH_ACTION, f"no action type {event.action_type}"), None
        uid = requested(event, "SOPInstanceUID")
        reply = self._verifier.verify(uid)
        if reply.status == statuses.SUCCESS:
            who = caller(event)
            verdict = Dataset()
            verdict.TreatmentVerificationStatus = reply.dataset.TreatmentVerificationStatus
            self._post(
                EventReport(
                    who.called,
                    who.calling,
                    MACHINE_VERIFICATION,
                    MACHINE_VERIFICATION,
                    uid,
                    DONE,
                    verdict,
                )
            )
        return answer(reply.status, reply.comment), None

    def delete(self, event: evt.Event) -> Dataset:
        """N-DELETE."""
        return answer(self._verifier.delete(requested(event, "SOPInstanceUID")), "none such")


def _told(reply: Reply) -> tuple[Dataset, Dataset | None]:
    return answer(reply.status, reply.comment), reply.dataset or None
