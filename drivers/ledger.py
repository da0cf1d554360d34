"""Which requests of one connection wait for which answer. No I/O, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.domain.errors import LocalProtocolError, MachineFault, RemoteProtocolError

A = TypeVar("A")

MAXIMUM_OPEN = 256


@dataclass(frozen=True, slots=True)
class Reply(Generic[A]):
    """The outcome of request ``number``: its answer, or the machine's refusal."""

    number: int
    outcome: A | MachineFault


class RequestLedger:
    """Numbers requests from 1 and matches answers to them.

    ``answers`` maps each request type to the answer types it may get; a type that is not in it
    is never answered. A request nobody waits for any more stays open until its late answer
    comes, so that the answer is recognised.
    """

    def __init__(self, answers: Mapping[type, frozenset[type]]) -> None:
        self._answers = answers
        self._last = 0
        self._open: dict[int, frozenset[type]] = {}

    def open(self, request: type) -> int:
        """The number of a new request. Raises LocalProtocolError when too many are unanswered."""
        if len(self._open) >= MAXIMUM_OPEN:
            raise LocalProtocolError(
                f"{MAXIMUM_OPEN} requests are unanswered; the device no longer answers: reconnect"
            )
        self._last += 1
        allowed = self._answers.get(request)
        if allowed is not None:
            self._open[self._last] = allowed
        return self._last

    def close(self, number: int, answer: type) -> None:
        """Request ``number`` is answered. Raises RemoteProtocolError for a wrong answer."""
        allowed = self._open.pop(number, None)
        if allowed is None:
            raise RemoteProtocolError(
                f"{answer.__name__} answers request {number}, which is not open"
            )
        if answer not in allowed:
            wanted = " or ".join(sorted(kind.__name__ for kind in allowed))
            raise RemoteProtocolError(
                f"{answer.__name__} answers request {number}, which wants {wanted}"
            )
