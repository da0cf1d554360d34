"""The other side in tests: an SCU with one association, and an SCP for what is sent back."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association

from simulators.tms.config import Destination, TmsConfig
from simulators.tms.entity import Entity
from simulators.tms.manager import TreatmentManager
from simulators.tms.server import Server
from simulators.tms.uids import (
    MACHINE_VERIFICATION,
    STORAGE_COMMITMENT,
    STORED,
    STUDY_ROOT_FIND,
    STUDY_ROOT_MOVE,
    UPS_EVENT,
    UPS_PULL,
    UPS_PUSH,
    UPS_QUERY,
    UPS_WATCH,
    VERIFICATION,
)

TITLE = "GATEWAY"
WITHIN_S = 20.0
ASKED = (
    VERIFICATION,
    UPS_PUSH,
    UPS_PULL,
    UPS_WATCH,
    UPS_QUERY,
    STUDY_ROOT_FIND,
    STUDY_ROOT_MOVE,
    STORAGE_COMMITMENT,
    MACHINE_VERIFICATION,
    *STORED[:9],
)


@dataclass(frozen=True)
class Event:
    """An event report that came."""

    event_type: int
    sop_class: str
    context: str
    instance: str
    dataset: Dataset


@dataclass
class Listener:
    """What came to the SCP. Event reports are answered while ``answering`` is set."""

    port: int = 0
    stored: list[Dataset] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    answering: threading.Event = field(default_factory=threading.Event)

    def store(self, event: evt.Event) -> int:
        with self.changed:
            self.stored.append(event.dataset)
            self.changed.notify_all()
        return 0x0000

    def report(self, event: evt.Event) -> tuple[int, None]:
        request = event.request
        came = Event(
            event.event_type,
            str(request.AffectedSOPClassUID),
            str(event.context.abstract_syntax),
            str(request.AffectedSOPInstanceUID),
            event.event_information,
        )
        with self.changed:
            self.events.append(came)
            self.changed.notify_all()
        self.answering.wait(WITHIN_S)
        return 0x0000, None

    def wait_for_events(self, count: int) -> list[Event]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.events) >= count, WITHIN_S), self.events
            return list(self.events)


@contextmanager
def listening(ssl_context: Any = None) -> Iterator[Listener]:
    listener = Listener()
    listener.answering.set()
    entity = AE(TITLE)
    for uid in STORED:
        entity.add_supported_context(uid)
    for uid in (UPS_EVENT, STORAGE_COMMITMENT, MACHINE_VERIFICATION):
        entity.add_supported_context(uid, scu_role=True, scp_role=True)
    handlers = [(evt.EVT_C_STORE, listener.store), (evt.EVT_N_EVENT_REPORT, listener.report)]
    server = Server(entity, ("127.0.0.1", 0), handlers, ssl_context)
    listener.port = server.port
    try:
        yield listener
    finally:
        listener.answering.set()
        server.stop()


@contextmanager
def managing(config: TmsConfig | None = None) -> Iterator[TreatmentManager]:
    """A simulated system that is started and stopped."""
    manager = TreatmentManager(config or TmsConfig())
    manager.start()
    try:
        yield manager
    finally:
        manager.stop()


@contextmanager
def calling(
    port: int,
    called: str = "TMS",
    contexts: Sequence[str] = ASKED,
    reply_s: float = WITHIN_S,
    tls: Any = None,
    calling_title: str = TITLE,
) -> Iterator[Association]:
    """An association; it may have been ended by the other side."""
    entity = Entity(calling_title)
    entity.dimse_timeout = entity.acse_timeout = entity.network_timeout = reply_s
    for uid in contexts:
        entity.add_requested_context(uid)
    arguments = {"tls_args": (tls, "127.0.0.1")} if tls is not None else {}
    association = entity.associate(
        "127.0.0.1", port, ae_title=called, bind_address=("127.0.0.1", 0), **arguments
    )
    try:
        yield association
    finally:
        if association.is_established:
            association.release()
        if association.is_alive():
            association.join(WITHIN_S)


def known(listener: Listener, *, tls: bool = False) -> dict[str, Destination]:
    return {TITLE: Destination("127.0.0.1", listener.port, tls)}
