"""Images and record of a treatment on their way: who has them for good."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from gateway.adapters.nodestore.outbox import Outbox
from gateway.adapters.nodestore.outbox_items import OPEN, OutboxItem, State
from gateway.app.node.outbox import RESULTS, Conceal, DeliveryQueue
from gateway.dicom.object_header import read_header
from gateway.dicom.part10 import file_meta
from gateway.domain.errors import InputError
from gateway.domain.worklist import OutputObject
from gateway.ports.store import RecordReader


@dataclass(frozen=True, slots=True)
class OutboxOutputs:
    """A delivery's objects in the outbox. ``reader`` opens the room's record.

    Destinations that are sent pseudonyms have other instances: they do not count.
    """

    outbox: Outbox
    deliveries: DeliveryQueue
    reader: Callable[[], RecordReader]
    conceal: Conceal

    def queue(self, delivery_id: str) -> tuple[OutputObject, ...]:
        """Queue a delivery's images and record; what they are. Raises StoreError, InputError."""
        with closing(self.reader()) as store:
            self.deliveries.queue_delivery(store, delivery_id, self.conceal)
            return tuple(_objects(store.directory(delivery_id)))

    def kept(self, objects: Sequence[OutputObject]) -> tuple[OutputObject, ...]:
        """The objects, each with the destinations that have it for good."""
        rows = self._rows(objects)
        return tuple(
            replace(
                one,
                kept_by=tuple(
                    sorted(
                        row.destination
                        for row in rows
                        if row.sop_instance_uid == one.sop_instance_uid and row.state is State.DONE
                    )
                ),
            )
            for one in objects
        )

    def settled(self, objects: Sequence[OutputObject]) -> bool:
        """Whether no object waits to be sent or committed."""
        return all(row.state not in OPEN for row in self._rows(objects))

    def _rows(self, objects: Sequence[OutputObject]) -> list[OutboxItem]:
        return self.outbox.rows_of([one.sop_instance_uid for one in objects])


def _objects(folder: Path) -> Iterator[OutputObject]:
    for path in sorted(path for pattern in RESULTS for path in folder.glob(pattern)):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from error
        meta = file_meta(content)
        header = read_header(BytesIO(content[meta.offset :]), meta.transfer_syntax_uid)
        yield OutputObject(
            header.sop_class_uid,
            header.sop_instance_uid,
            header.study_instance_uid,
            header.series_instance_uid,
        )
