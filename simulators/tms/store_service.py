"""The object stores on associations: storage, Study Root query and retrieval.

Which store is meant says the called AE title: delivery instructions are held by the management
system itself, everything else by the object store.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydicom import Dataset
from pynetdicom import build_context, evt

from simulators.tms import statuses
from simulators.tms.config import Destination
from simulators.tms.objects import ObjectStore, identifier_problem
from simulators.tms.requests import answer, caller, requested
from simulators.tms.uids import RT_PLAN, TRANSFER_SYNTAXES

Arguments = Mapping[str, Any]


class StoreService:
    """Handlers of pynetdicom's events for storage and Query/Retrieve.

    ``arguments_of`` gives what an association with a destination is opened with.
    """

    def __init__(
        self,
        store_of: Callable[[str], ObjectStore],
        destination_of: Callable[[str], Destination | None],
        arguments_of: Callable[[Destination], Arguments],
    ) -> None:
        self._store_of = store_of
        self._destination_of = destination_of
        self._arguments_of = arguments_of

    def store(self, event: evt.Event) -> Dataset:
        """C-STORE: the bytes are kept as they came."""
        dataset = event.dataset
        named = (requested(event, "SOPClassUID"), requested(event, "SOPInstanceUID"))
        if named != (str(dataset.get("SOPClassUID")), str(dataset.get("SOPInstanceUID"))):
            comment = "the data set has other UIDs than the command"
            return answer(statuses.IDENTIFIER_MISMATCH, comment)
        status = self._store_of(caller(event).called).add(event.encoded_dataset())
        return answer(status, "other content has this SOP Instance UID")

    def find(self, event: evt.Event) -> Iterator[tuple[Any, Dataset | None]]:
        """C-FIND at one level of the Study Root model."""
        keys = event.identifier
        if problem := identifier_problem(keys, retrieval=False):
            yield answer(statuses.IDENTIFIER_MISMATCH, problem), None
            return
        store = self._store_of(caller(event).called)
        for found in store.find(keys):
            if event.is_cancelled:
                yield statuses.CANCEL, None
                return
            found.RetrieveAETitle = caller(event).called
            yield statuses.PENDING, found

    def move(self, event: evt.Event) -> Iterator[Any]:
        """C-MOVE to a destination that is known."""
        destination = self._destination_of(str(event.move_destination).strip())
        if destination is None:
            yield None, None
            return
        if problem := identifier_problem(event.identifier, retrieval=True):
            yield from self.refuse_move(event, answer(statuses.IDENTIFIER_MISMATCH, problem))
            return
        chosen = self._store_of(caller(event).called).select(event.identifier)
        classes = sorted({each.sop_class_uid for each in chosen})
        contexts = [build_context(uid, list(TRANSFER_SYNTAXES)) for uid in classes]
        arguments = {**self._arguments_of(destination), "contexts": contexts}
        yield destination.host, destination.port, arguments
        yield len(chosen)
        for each in chosen:
            if event.is_cancelled:
                yield statuses.CANCEL, None
                return
            yield statuses.PENDING, each.dataset()

    def refuse_move(self, event: evt.Event, status: Dataset) -> Iterator[Any]:
        """Answer a C-MOVE with a status: pynetdicom has to reach the destination before it may."""
        destination = self._destination_of(str(event.move_destination).strip())
        if destination is None:
            yield None, None
            return
        contexts = [build_context(RT_PLAN, list(TRANSFER_SYNTAXES))]
        arguments = {**self._arguments_of(destination), "contexts": contexts}
        yield destination.host, destination.port, arguments
        yield 1
        yield status, None
