"""Associations that the simulated system opens itself, one after another, in a thread of its own.

Event reports go over a new association, in which this side takes the SCP role (PS3.7 D.3.3.4).
"""

import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset
from pynetdicom import build_context, build_role, evt
from pynetdicom.association import Association

from simulators.tms.config import Destination, TmsConfig
from simulators.tms.ending import end
from simulators.tms.entity import Entity
from simulators.tms.uids import TRANSFER_SYNTAXES

CONNECT_S = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EventReport:
    """An N-EVENT-REPORT to be sent: from and to AE titles, classes, and what happened."""

    sender: str
    receiver: str
    context_uid: str
    sop_class_uid: str
    instance_uid: str
    event_type: int
    dataset: Dataset


class Outgoing:
    """Sends event reports in the order they were posted; each is tried a few times."""

    def __init__(
        self,
        config: TmsConfig,
        destination_of: Callable[[str], Destination | None],
        handlers: Sequence[tuple[evt.EventType, Callable[[evt.Event], Any]]],
    ) -> None:
        self._destination_of = destination_of
        self._config = config
        self._handlers = tuple(handlers)
        self._queue: queue.Queue[EventReport | None] = queue.Queue()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._current: Association | None = None

    def start(self) -> None:
        """Begin to send."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, name="tms-outgoing", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; what waits is kept for the next start."""
        self._stopped.set()
        self._queue.put(None)
        current = self._current
        if current is not None:
            end(current)
        if self._thread is not None:
            self._thread.join()

    def post(self, report: EventReport) -> None:
        """Send it when its turn comes."""
        self._queue.put(report)

    def _run(self) -> None:
        while not self._stopped.is_set():
            report = self._queue.get()
            if report is not None:
                self._deliver(report)

    def _deliver(self, report: EventReport) -> None:
        for _ in range(self._config.event_attempts):
            if self._send(report) or self._stopped.wait(self._config.event_pause_s):
                return
        _log.warning("no event report reached %s", report.receiver)

    def _send(self, report: EventReport) -> bool:
        """Whether the receiver answered."""
        destination = self._destination_of(report.receiver)
        if destination is None:
            return False
        entity = Entity(report.sender)
        entity.dimse_timeout = self._config.reply_s
        entity.acse_timeout = CONNECT_S
        entity.connection_timeout = CONNECT_S
        association = entity.associate(
            destination.host,
            destination.port,
            contexts=[build_context(report.context_uid, list(TRANSFER_SYNTAXES))],
            ae_title=report.receiver,
            ext_neg=[build_role(report.context_uid, scp_role=True)],
            evt_handlers=list(self._handlers),
            **arguments(destination, self._config),
        )
        if not association.is_established:
            return False
        self._current = association
        try:
            status, _ = association.send_n_event_report(
                report.dataset,
                report.event_type,
                report.sop_class_uid,
                report.instance_uid,
                meta_uid=report.context_uid,
            )
        except (ValueError, RuntimeError) as error:  # no such role accepted, or already ended
            _log.warning("%s takes no event reports: %s", report.receiver, error)
            association.abort()
            return True
        finally:
            self._current = None
        if association.is_established:
            association.release()
        return "Status" in status


def arguments(destination: Destination, config: TmsConfig) -> Mapping[str, Any]:
    """What pynetdicom wants to be told of where an association starts, and of TLS."""
    start = {"bind_address": (config.host, 0)}
    secured = {"tls_args": (config.client_tls, destination.host)} if destination.tls else {}
    return {**start, **secured}
