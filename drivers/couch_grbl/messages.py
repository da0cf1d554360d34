"""What a Grbl 1.1 controller says and is told, as data. Lengths in mm, feeds in mm/min."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

Triple = tuple[float, float, float]


class RealTime(Enum):
    """Bytes acted on at once, no part of a line."""

    STATUS = b"?"
    JOG_CANCEL = b"\x85"


@dataclass(frozen=True, slots=True)
class AskBuildInfo:
    """``$I``."""


@dataclass(frozen=True, slots=True)
class Jog:
    """``$J=``: a jog of the given wire axes to absolute machine positions."""

    target: Mapping[str, float]
    feed: float


@dataclass(frozen=True, slots=True)
class Blank:
    """An empty line; a controller says one before its banner."""


@dataclass(frozen=True, slots=True)
class Ok:
    """The oldest unanswered line is accepted."""


@dataclass(frozen=True, slots=True)
class Refused:
    """``error:N``: the oldest unanswered line is refused."""

    code: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """``ALARM:N``: the controller locked itself."""

    code: int


@dataclass(frozen=True, slots=True)
class Banner:
    """The controller started anew."""

    version: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """``[KIND:text]``."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """``<State|...>``: exactly one of ``machine`` and ``work`` positions; at times the offset."""

    state: str
    machine: Triple | None
    work: Triple | None
    work_offset: Triple | None


Line = AskBuildInfo | Jog
Message = Blank | Ok | Refused | Alarm | Banner | Feedback | Status
