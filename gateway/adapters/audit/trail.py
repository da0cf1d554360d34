"""Audit messages on disk, as RFC 5424 lines: append-only, whole files set aside by size."""

import logging
import os
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path

from gateway.adapters.audit.message import audit_message
from gateway.domain.audit import AuditEvent
from gateway.domain.errors import StoreError
from gateway.domain.units import NS_PER_S

FILE = "audit.log"
LONGEST_BYTES = 64 * 2**20
KEPT_FILES = 16
_PRIORITY = 10 * 8 + 5
"""Facility security/authorization, severity notice (PS3.15 A.6)."""

_log = logging.getLogger(__name__)


class AuditTrail:
    """``FOLDER/audit.log``. Telling never raises: a trail that cannot be kept is itself logged."""

    def __init__(self, folder: Path, source: str) -> None:
        """Raises StoreError where the file cannot be opened."""
        self._path = folder / FILE
        self._source = source
        self._host = socket.gethostname() or "-"
        self._lock = threading.Lock()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = self._opened()
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror}") from error
        self.lost = 0

    def tell(self, event: AuditEvent) -> None:
        """Append one event."""
        line = self._line(event)
        with self._lock:
            try:
                os.write(self._file, line)
                if os.fstat(self._file).st_size > LONGEST_BYTES:
                    self._set_aside()
            except OSError as error:
                self.lost += 1
                _log.error("audit trail: %s; %d events are lost", error.strerror, self.lost)

    def close(self) -> None:
        """Close the file; what was told is on disk."""
        with self._lock:
            os.fsync(self._file)
            os.close(self._file)

    def _line(self, event: AuditEvent) -> bytes:
        seconds, rest = divmod(event.at_ns, NS_PER_S)
        moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
        head = (
            f"<{_PRIORITY}>1 {moment.isoformat(timespec='milliseconds')} {self._host} "
            f"linac-gateway {os.getpid()} IHE+RFC-3881 - "
        )
        return head.encode() + audit_message(event, self._source) + b"\n"

    def _opened(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _set_aside(self) -> None:
        os.fsync(self._file)
        os.close(self._file)
        for number in range(KEPT_FILES - 1, 0, -1):
            older = self._path.with_suffix(f".log.{number}")
            if older.exists():
                older.replace(self._path.with_suffix(f".log.{number + 1}"))
        self._path.replace(self._path.with_suffix(".log.1"))
        self._file = self._opened()
