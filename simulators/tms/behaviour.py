"""How a simulated system misbehaves, declared as data: what it does, and at which message."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class At:
    """The requests that a behaviour is about: a DIMSE service ("" any), an instance's SOP class.

    ``first`` is the first of them that is meant (1 is the next one to come), ``count`` how many
    are, 0 for all that follow.
    """

    dimse: str = ""
    sop_class_uid: str = ""
    first: int = 1
    count: int = 0


@dataclass(frozen=True, slots=True)
class Slow:
    """Waits before it answers a request."""

    delay_s: float
    at: At = field(default_factory=At)


@dataclass(frozen=True, slots=True)
class Deaf:
    """Takes TCP connections and never answers an association request."""


@dataclass(frozen=True, slots=True)
class Mute:
    """Takes requests and never answers them."""

    at: At = field(default_factory=At)


@dataclass(frozen=True, slots=True)
class Dies:
    """Closes the connection at a request, and every one after it, until it behaves otherwise.

    The request is lost.
    """

    at: At = field(default_factory=At)


@dataclass(frozen=True, slots=True)
class DiesAnswering:
    """As ``Dies``, but the request was carried out: only its answer is lost."""

    at: At = field(default_factory=At)


@dataclass(frozen=True, slots=True)
class Rejects:
    """Answers a request with a status, and does nothing else."""

    status: int
    at: At = field(default_factory=At)


@dataclass(frozen=True, slots=True)
class RejectsAssociations:
    """Rejects associations, for now (PS3.8 9.3.4: transient, local limit exceeded)."""


@dataclass(frozen=True, slots=True)
class HalfCommits:
    """Commits every second instance of a request, and fails the others for ``reason``."""

    reason: int = 0x0110


@dataclass(frozen=True, slots=True)
class NeverCommits:
    """Takes commitment requests, and never reports."""


@dataclass(frozen=True, slots=True)
class CancelsStep:
    """Asks for a cancellation once a step's progress has come to so many percent."""

    at_progress: float
    reason: str = "Requested by the treatment management system"


Behaviour = (
    Slow
    | Deaf
    | Mute
    | Dies
    | DiesAnswering
    | Rejects
    | RejectsAssociations
    | HalfCommits
    | NeverCommits
    | CancelsStep
)
AT_REQUESTS = (Slow, Mute, Dies, DiesAnswering, Rejects)
_Kind = TypeVar("_Kind")


class Manners:
    """The behaviours in force, and how many requests each has seen. Any thread may ask."""

    def __init__(self, behaviours: Iterable[Behaviour] = ()) -> None:
        self._changed = threading.Condition()
        self._behaviours: tuple[Behaviour, ...] = tuple(behaviours)
        self._seen: dict[int, int] = {}
        self._epoch = 0
        self._open = True
        self._dead = False

    @property
    def dead(self) -> bool:
        """Whether it died of ``Dies``."""
        return self._dead

    def behave(self, behaviours: Iterable[Behaviour]) -> None:
        """From now on like this, and alive; requests are counted afresh, and who waits goes on."""
        with self._changed:
            self._behaviours = tuple(behaviours)
            self._seen = {}
            self._dead = False
            self._epoch += 1
            self._changed.notify_all()

    def die(self) -> None:
        """Until it behaves otherwise."""
        self._dead = True

    def open(self) -> None:
        """Waiting is possible."""
        with self._changed:
            self._open = True

    def close(self) -> None:
        """Who waits goes on, and nobody waits again."""
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def wait(self, timeout_s: float | None = None) -> None:
        """For so long, or until the behaviours change or all ends."""
        with self._changed:
            epoch = self._epoch
            self._changed.wait_for(lambda: self._epoch != epoch or not self._open, timeout_s)

    def of(self, kind: type[_Kind]) -> _Kind | None:
        """The behaviour of a kind, if it is in force."""
        return next((each for each in self._behaviours if isinstance(each, kind)), None)

    def at(self, dimse: str, sop_class_uid: str) -> tuple[Behaviour, ...]:
        """The behaviours that a request meets; counts it."""
        with self._changed:
            return tuple(
                each
                for place, each in enumerate(self._behaviours)
                if isinstance(each, AT_REQUESTS)
                and self._meets(place, each.at, dimse, sop_class_uid)
            )

    def _meets(self, place: int, at: At, dimse: str, sop_class_uid: str) -> bool:
        if at.dimse not in ("", dimse) or at.sop_class_uid not in ("", sop_class_uid):
            return False
        self._seen[place] = nth = self._seen.get(place, 0) + 1
        return nth >= at.first and (at.count == 0 or nth < at.first + at.count)
