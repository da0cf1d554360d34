"""Lines of the log: text for a terminal, JSON for a machine; each says which delivery it is about.

Which of the two is ``LINAC_GATEWAY_LOG_FORMAT`` (``json`` or ``text``); without it, JSON where the
journal of systemd takes standard error. Nobody logs a patient's name or ID, or a plan's label.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum

FORMAT = "LINAC_GATEWAY_LOG_FORMAT"
ROOM = "LINAC_GATEWAY_LOG_ROOM"
"""The room that every process of a service names in its lines."""


class LogFormat(StrEnum):
    """How a line looks."""

    JSON = "json"
    TEXT = "text"


_about: ContextVar[Mapping[str, str | int]] = ContextVar("about")


@contextmanager
def about(*, delivery_id: str | None = None, beam: int | None = None) -> Iterator[None]:
    """What is logged within, and in tasks begun within, is about this delivery or beam too."""
    more: dict[str, str | int] = {}
    if delivery_id is not None:
        more["delivery_id"] = delivery_id
    if beam is not None:
        more["beam"] = beam
    token = _about.set({**_about.get({}), **more})
    try:
        yield
    finally:
        _about.reset(token)


class OneLine(logging.Formatter):
    """A message is one line, whatever a peer has put into it; nothing in it moves a cursor."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the base's)
        """As the base, with what cannot be printed escaped."""
        said = super().formatMessage(record)
        if said.isprintable():
            return said
        return "".join(
            one if one.isprintable() else one.encode("unicode_escape").decode() for one in said
        )


class JsonLine(logging.Formatter):
    """An object a line: time (UTC, RFC 3339), level, logger, message, process, room, delivery."""

    def __init__(self, process: str, room: str) -> None:
        super().__init__()
        self._process = process
        self._room = room

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": self._process,
        }
        if self._room:
            line["room"] = self._room
        line.update(_about.get({}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def is_json() -> bool:
    """Whether lines are JSON: by the environment, else where they go to the journal."""
    wanted = os.environ.get(FORMAT)
    return _goes_to_the_journal() if wanted is None else wanted == LogFormat.JSON


def start_logging(process: str, room: str = "", level: int = logging.WARNING) -> None:
    """Log to standard error from now on, whatever was said of it before."""
    handler = logging.StreamHandler(sys.stderr)
    text = OneLine("%(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLine(process, room or os.environ.get(ROOM, "")) if is_json() else text)
    logging.basicConfig(handlers=[handler], level=level, force=True)


def _goes_to_the_journal() -> bool:
    """``JOURNAL_STREAM`` is the device and inode that standard error had (systemd.exec)."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        found = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return (device, inode) == (str(found.st_dev), str(found.st_ino))
