"""One handler per DIMSE service: behaviours first, then services by presentation context."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydicom import Dataset
from pynetdicom import evt

from simulators.tms import statuses
from simulators.tms.behaviour import (
    Behaviour,
    Deaf,
    Dies,
    DiesAnswering,
    Manners,
    Mute,
    Rejects,
    RejectsAssociations,
    Slow,
)
from simulators.tms.ending import hang_up
from simulators.tms.requests import answer, called_title, caller, requested

Handler = Callable[[evt.Event], Any]
EVENTS = {
    "C-ECHO": evt.EVT_C_ECHO,
    "C-STORE": evt.EVT_C_STORE,
    "C-FIND": evt.EVT_C_FIND,
    "C-MOVE": evt.EVT_C_MOVE,
    "N-ACTION": evt.EVT_N_ACTION,
    "N-CREATE": evt.EVT_N_CREATE,
    "N-DELETE": evt.EVT_N_DELETE,
    "N-GET": evt.EVT_N_GET,
    "N-SET": evt.EVT_N_SET,
}
_GENERATE = frozenset({"C-FIND", "C-MOVE"})
_STATUS_ONLY = frozenset({"C-ECHO", "C-STORE", "N-DELETE"})
_REJECTION = {"result": 2, "source": 3, "diagnostic": 2}
_UNKNOWN_CALLED = {"result": 1, "source": 1, "diagnostic": 7}
"""PS3.8 9.3.4."""


class Dispatch:
    """What an association's events come to. ``refuse_move`` is the answer to a C-MOVE refused."""

    def __init__(
        self,
        titles: tuple[str, ...],
        table: Mapping[tuple[str, str], Handler],
        manners: Manners,
        refuse_move: Callable[[evt.Event, Dataset], Iterator[Any]],
    ) -> None:
        self._titles = titles
        self._table = table
        self._manners = manners
        self._refuse_move = refuse_move

    def handlers(self) -> list[tuple[Any, Handler]]:
        """For pynetdicom's server."""
        services = [(EVENTS[dimse], self._handler(dimse)) for dimse in EVENTS]
        return [(evt.EVT_REQUESTED, self._requested), *services]

    def _requested(self, event: evt.Event) -> None:
        if self._manners.of(Deaf) is not None:
            self._manners.wait()
            hang_up(event.assoc)
        elif self._manners.dead:
            hang_up(event.assoc)
        elif self._manners.of(RejectsAssociations) is not None:
            self._reject(event, _REJECTION)
        elif called_title(event.assoc) not in self._titles:
            self._reject(event, _UNKNOWN_CALLED)

    def _reject(self, event: evt.Event, why: Mapping[str, int]) -> None:
        event.assoc.acse.send_reject(why["result"], why["source"], why["diagnostic"])
        event.assoc.kill()

    def _handler(self, dimse: str) -> Handler:
        def handle(event: evt.Event) -> Any:
            met = self._met(dimse, event)
            reply = self._reply(dimse, event, met)
            self._finish(event, met)
            return reply

        def generate(event: evt.Event) -> Iterator[Any]:
            met = self._met(dimse, event)
            yield from self._reply(dimse, event, met)
            self._finish(event, met)

        return generate if dimse in _GENERATE else handle

    def _met(self, dimse: str, event: evt.Event) -> tuple[Behaviour, ...]:
        return self._manners.at(dimse, requested(event, "SOPClassUID"))

    def _reply(self, dimse: str, event: evt.Event, met: tuple[Behaviour, ...]) -> Any:
        for behaviour in met:
            match behaviour:
                case Slow(delay_s=delay_s):
                    self._manners.wait(delay_s)
                case Mute():
                    self._manners.wait()
                    hang_up(event.assoc)
                case Dies():
                    self._manners.die()
                    hang_up(event.assoc)
                case Rejects(status=status):
                    return self._refused(dimse, event, answer(status, "told to reject"))
        if event.assoc.is_aborted:
            return self._refused(dimse, event, answer(statuses.PROCESSING_FAILURE))
        handler = self._table.get((dimse, caller(event).context))
        if handler is None:
            comment = f"{dimse} is no service of this SOP class"
            return self._refused(dimse, event, answer(statuses.UNRECOGNISED_OPERATION, comment))
        return handler(event)

    def _finish(self, event: evt.Event, met: tuple[Behaviour, ...]) -> None:
        if any(isinstance(behaviour, DiesAnswering) for behaviour in met):
            self._manners.die()
            hang_up(event.assoc)

    def _refused(self, dimse: str, event: evt.Event, status: Dataset) -> Any:
        if dimse == "C-MOVE":
            return self._refuse_move(event, status)
        if dimse in _GENERATE:
            return iter([(status, None)])
        return status if dimse in _STATUS_ONLY else (status, None)
