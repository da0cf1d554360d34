"""An archive on the loopback interface: pynetdicom's own SCP, with commitment as PS3.4 J has it."""

import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydicom import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    StudyRootQueryRetrieveInformationModelFind,
)

from gateway.dicom.sop_classes import IMPLICIT_VR_LITTLE_ENDIAN, STORAGE_BY_UID, UNCOMPRESSED
from tests.node_query.objects import serving

AE_TITLE = "ARCHIVE"
NODE_AE_TITLE = "GATEWAY"
LIMIT_S = 10.0
SILENCE_S = 1.0
NO_SUCH_OBJECT = 0x0112
ALL_COMMITTED, SOME_NOT = 1, 2


class NetworkArchive:
    """Keeps data sets and their transfer syntaxes by SOP Instance UID; counts what came.

    ``loses`` says of each arrival whether it is lost after success was answered. Reports go to
    ``reply_port`` (0: nowhere), or into the association that asked where ``replies_inside``.
    """

    def __init__(self, reply_port: int = 0) -> None:
        self.reply_port = reply_port
        self.replies_inside = False
        self.loses: Callable[[str], bool] = lambda _: False
        self.status: Callable[[str], int] = lambda _: 0
        self.kept: dict[str, tuple[str, bytes]] = {}
        self.contents: dict[str, set[bytes]] = {}
        self.arrivals: Counter[str] = Counter()
        self.answered: queue.Queue[int] = queue.Queue()
        self._reporting: threading.Thread | None = None
        self._asked: queue.Queue[Dataset | None] = queue.Queue()

    def store(self, event: evt.Event) -> int:
        uid = str(event.request.AffectedSOPInstanceUID)
        status = self.status(uid)
        if status:
            return status
        content = event.request.DataSet.getvalue()
        self.arrivals[uid] += 1
        self.contents.setdefault(uid, set()).add(content)
        if not self.loses(uid):
            self.kept[uid] = str(event.context.transfer_syntax), content
        return 0x0000

    def find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        if event.identifier.SOPInstanceUID in self.kept:
            yield 0xFF00, event.identifier
        yield 0x0000, None

    def action(self, event: evt.Event) -> tuple[int, None]:
        if self.replies_inside:
            said = event.assoc, event.action_information
            self._reporting = threading.Thread(target=self._report_in, args=said)
            self._reporting.start()
        else:
            self._asked.put(event.action_information)
        return 0x0000, None

    def report_until_ended(self) -> None:
        """Answer what was asked, each in an association of its own."""
        while (request := self._asked.get()) is not None:
            if not self.reply_port:
                continue
            entity = AE(ae_title=AE_TITLE)
            entity.add_requested_context(StorageCommitmentPushModel)
            opened = entity.associate(
                "127.0.0.1",
                self.reply_port,
                ae_title=NODE_AE_TITLE,
                ext_neg=[build_role(StorageCommitmentPushModel, scp_role=True)],
                bind_address=("127.0.0.1", 0),
            )
            if opened.is_established:
                self._report_in(opened, request)
                opened.release()

    def end(self) -> None:
        self._asked.put(None)
        if self._reporting is not None:
            self._reporting.join(LIMIT_S)

    def _report_in(self, opened: Any, request: Dataset) -> None:
        event, event_type = self._outcome(request)
        status, _ = opened.send_n_event_report(
            event, event_type, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )
        self.answered.put(status.get("Status", -1))

    def _outcome(self, request: Dataset) -> tuple[Dataset, int]:
        event = Dataset()
        event.TransactionUID = request.TransactionUID
        held, missing = [], []
        for item in request.ReferencedSOPSequence:
            if item.ReferencedSOPInstanceUID in self.kept:
                held.append(item)
            else:
                item.FailureReason = NO_SUCH_OBJECT
                missing.append(item)
        if held:
            event.ReferencedSOPSequence = held
        if missing:
            event.FailedSOPSequence = missing
        return event, SOME_NOT if missing else ALL_COMMITTED


@contextmanager
def network_archive(
    archive: NetworkArchive, syntaxes: tuple[str, ...] = UNCOMPRESSED, **required: Any
) -> Iterator[int]:
    """The archive on a port of its own; ended with the block."""
    entity = AE(ae_title=AE_TITLE)
    entity.maximum_pdu_size = 16_384
    entity.dimse_timeout = SILENCE_S
    for uid in STORAGE_BY_UID:
        entity.add_supported_context(uid, list(syntaxes))
    for uid in (StorageCommitmentPushModel, StudyRootQueryRetrieveInformationModelFind):
        entity.add_supported_context(uid, IMPLICIT_VR_LITTLE_ENDIAN)
    for name, value in required.items():
        setattr(entity, name, value)
    handlers = [
        (evt.EVT_C_STORE, archive.store),
        (evt.EVT_C_FIND, archive.find),
        (evt.EVT_N_ACTION, archive.action),
    ]
    reporter = threading.Thread(target=archive.report_until_ended)
    reporter.start()
    try:
        with serving(entity, handlers) as port:
            yield port
    finally:
        archive.end()
        reporter.join(LIMIT_S)
