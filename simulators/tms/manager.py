"""The simulated treatment management system: worklist, object store and verifier on one port."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from simulators.tms import recorder
from simulators.tms.behaviour import Behaviour, CancelsStep, Manners
from simulators.tms.commitment_service import CommitmentService
from simulators.tms.config import Destination, TmsConfig
from simulators.tms.data import Code, item, items, text
from simulators.tms.dispatch import Dispatch, Handler
from simulators.tms.entity import Entity
from simulators.tms.events import Report
from simulators.tms.journal import Journal
from simulators.tms.objects import ObjectStore, stored_object
from simulators.tms.outgoing import EventReport, Outgoing, arguments
from simulators.tms.scheduling import INTERNAL, Continuation, delivery_instruction, order, step
from simulators.tms.server import Server
from simulators.tms.store_service import StoreService
from simulators.tms.uids import (
    MACHINE_VERIFICATION,
    RT_ION_PLAN,
    RT_PLAN,
    STORAGE_COMMITMENT,
    STORED,
    STUDY_ROOT_FIND,
    STUDY_ROOT_MOVE,
    TRANSFER_SYNTAXES,
    UPS_EVENT,
    UPS_PULL,
    UPS_PUSH,
    UPS_QUERY,
    UPS_WATCH,
    VERIFICATION,
)
from simulators.tms.ups_service import UpsService
from simulators.tms.verifier import Verifier
from simulators.tms.verifier_service import VerifierService
from simulators.tms.work_item import WorkItem
from simulators.tms.worklist import Rules, Worklist

PDU_BYTES = 128 * 2**10
"""The longest P-DATA that is taken."""
ASSOCIATIONS = 64


class TreatmentManager:
    """Serves in threads of its own between ``start`` and ``stop``; what it holds outlives both.

    ``objects`` is the object store's, ``instructions`` what the management system itself holds,
    ``journal`` every message that was seen.
    """

    def __init__(self, config: TmsConfig) -> None:
        self._config = config
        self._destinations = dict(config.destinations)
        self.journal = Journal()
        self.objects = ObjectStore(config.folder)
        self.instructions = ObjectStore()
        self.manners = Manners(config.behaviours)
        self.verifier = Verifier(lambda: self.objects, config.verdict, config.tolerances)
        rules = Rules(self._destinations.keys(), config.grants_deletion_locks, config.clock)
        self.worklist = Worklist(rules, self._post)
        self._outgoing = Outgoing(config, self._destinations.get, recorder.handlers(self.journal))
        self._store_service = StoreService(self._store_of, self._destinations.get, self._call)
        titles = (config.ae_title, config.store_ae_title, config.verifier_ae_title)
        refuse_move = self._store_service.refuse_move
        self._dispatch = Dispatch(titles, self._table(), self.manners, refuse_move)
        self._server: Server | None = None
        self.port = config.port

    def start(self) -> int:
        """Listen; returns the port. After a stop the port is the same again.

        Subscribers are told of a restart (PS3.4 CC.2.4.3). Raises OSError where the port is taken.
        """
        again = self._server is not None
        self.manners.open()
        self._server = Server(
            self._entity(),
            (self._config.host, self.port),
            [*recorder.handlers(self.journal), *self._dispatch.handlers()],
            self._config.server_tls,
        )
        self.port = self._server.port
        self._outgoing.start()
        if again:
            self.worklist.announce_restart()
        return self.port

    def stop(self) -> None:
        """Close every association and the port; what was told to wait ends."""
        self.manners.close()
        self._outgoing.stop()
        if self._server is not None:
            self._server.stop()

    def know(self, ae_title: str, destination: Destination) -> None:
        """From now on events, objects and commitments for ``ae_title`` go there."""
        self._destinations[ae_title] = destination

    def behave(self, *behaviours: Behaviour) -> None:
        """From now on like this, and alive; nothing is good manners again."""
        self.manners.behave(behaviours)

    def schedule(
        self,
        plan_path: Path,
        *,
        fraction: int,
        beams: Sequence[int] | None = None,
        continuation: Continuation | None = None,
        fraction_group: int | None = None,
        workitem: Code = INTERNAL,
        start: datetime | None = None,
    ) -> str:
        """Put a plan's fraction on the worklist; returns the step's SOP Instance UID.

        The plan goes to the object store, a delivery instruction of ``beams`` (None: all that
        treat, in their order) to this system's own. It starts now if ``start`` does not say when.
        Raises ValueError for a file that is no plan, or is one without such a fraction group or
        beams, and OSError for one that cannot be read.
        """
        plan = dcmread(plan_path, force=True)
        if text(plan, "SOPClassUID") not in (RT_PLAN, RT_ION_PLAN):
            raise ValueError(f"{plan_path} is no RT plan")
        self.hold(plan)
        what = order(
            plan,
            fraction=fraction,
            beams=beams,
            continuation=continuation,
            fraction_group=fraction_group,
            workitem=workitem,
        )
        now = self._config.clock()
        instruction = delivery_instruction(what, now)
        self.instructions.add(stored_object(instruction).content)
        station = self._config.station_code(what.machine)
        titles = self._config.ae_title, self._config.store_ae_title
        uid = str(generate_uid(prefix=None))
        attributes = step(what, instruction, station, titles, start or now)
        reply = self.worklist.create(uid, attributes)
        if reply.comment:
            raise ValueError(f"the step was not created: {reply.comment}")
        return uid

    def hold(self, dataset: Dataset) -> None:
        """Put an object into the object store."""
        self.objects.add(stored_object(dataset).content)

    def item(self, uid: str) -> WorkItem:
        """A step, copied. Raises KeyError where there is none."""
        return self.worklist.item(uid)

    def cancel(self, uid: str, reason: str) -> int:
        """Ask for a step's cancellation, as this system's own user; returns the status."""
        information = item(ReasonForCancellation=reason)
        return self.worklist.request_cancel(uid, information, self._config.ae_title).status

    def _table(self) -> Mapping[tuple[str, str], Handler]:
        """Handlers by DIMSE service and abstract syntax of the presentation context."""
        ups = UpsService(self.worklist, self._changed)
        commitment = CommitmentService(self.objects, self.manners, self._outgoing.post)
        verifier = VerifierService(self.verifier, self._outgoing.post)
        store = self._store_service
        table: dict[tuple[str, str], Handler] = {
            ("C-ECHO", VERIFICATION): lambda _: 0x0000,
            ("C-FIND", STUDY_ROOT_FIND): store.find,
            ("C-MOVE", STUDY_ROOT_MOVE): store.move,
            ("N-ACTION", STORAGE_COMMITMENT): commitment.act,
            ("N-CREATE", MACHINE_VERIFICATION): verifier.create,
            ("N-SET", MACHINE_VERIFICATION): verifier.set,
            ("N-GET", MACHINE_VERIFICATION): verifier.get,
            ("N-ACTION", MACHINE_VERIFICATION): verifier.act,
            ("N-DELETE", MACHINE_VERIFICATION): verifier.delete,
        }
        table |= {("C-STORE", uid): store.store for uid in STORED}
        for uid in (UPS_PUSH, UPS_PULL, UPS_WATCH, UPS_QUERY):
            table |= {
                ("N-CREATE", uid): ups.create,
                ("C-FIND", uid): ups.find,
                ("N-GET", uid): ups.get,
                ("N-SET", uid): ups.set,
                ("N-ACTION", uid): ups.act,
            }
        return table

    def _entity(self) -> Entity:
        entity = Entity(self._config.ae_title)
        entity.maximum_pdu_size = PDU_BYTES
        entity.dimse_timeout = self._config.reply_s
        entity.network_timeout = None
        entity.maximum_associations = ASSOCIATIONS
        for uid in dict.fromkeys(context for _, context in self._table()):
            entity.add_supported_context(uid, list(TRANSFER_SYNTAXES))
        return entity

    def _store_of(self, called: str) -> ObjectStore:
        return self.instructions if called == self._config.ae_title else self.objects

    def _call(self, destination: Destination) -> Mapping[str, Any]:
        """Arguments of an association for sub-operations, whose messages are seen too."""
        return {
            "evt_handlers": recorder.handlers(self.journal),
            **arguments(destination, self._config),
        }

    def _post(self, report: Report) -> None:
        self._outgoing.post(
            EventReport(
                self._config.ae_title,
                report.receiver,
                UPS_EVENT,
                UPS_PUSH,
                report.instance_uid,
                report.event_type,
                report.dataset,
            )
        )

    def _changed(self, uid: str) -> None:
        """A step was changed: whether that is where its cancellation is wanted."""
        wanted = self.manners.of(CancelsStep)
        if wanted is not None and _progress(self.item(uid).dataset) >= wanted.at_progress:
            self.cancel(uid, wanted.reason)


def _progress(dataset: Dataset) -> float:
    """Procedure Step Progress in percent, below zero where none is told."""
    for progress in items(dataset, "ProcedureStepProgressInformationSequence")[:1]:
        if told := text(progress, "ProcedureStepProgress"):
            return float(told)
    return -1.0
