"""What a service of the node adds to its listener: contexts, and handlers by SOP class."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset
from pynetdicom import AE, evt

from gateway.dicom.sop_classes import UNCOMPRESSED

SOP_CLASS_NOT_SUPPORTED = 0x0122
"""PS3.7 annex C: the peer asked for a SOP class that no service of this node answers for."""

Handler = Callable[[evt.Event], Any]
Events = {
    "C-ECHO": evt.EVT_C_ECHO,
    "C-STORE": evt.EVT_C_STORE,
    "C-FIND": evt.EVT_C_FIND,
    "C-MOVE": evt.EVT_C_MOVE,
    "C-GET": evt.EVT_C_GET,
    "N-ACTION": evt.EVT_N_ACTION,
    "N-CREATE": evt.EVT_N_CREATE,
    "N-DELETE": evt.EVT_N_DELETE,
    "N-EVENT-REPORT": evt.EVT_N_EVENT_REPORT,
    "N-GET": evt.EVT_N_GET,
    "N-SET": evt.EVT_N_SET,
}
"""DIMSE services by their names in PS3.7."""


@dataclass(frozen=True, slots=True)
class Context:
    """A presentation context that is accepted.

    ``requestor_scp`` accepts that the peer takes the SCP role (it will send the requests' replies:
    event reports and C-GET sub-operations go the other way).
    """

    sop_class_uid: str
    transfer_syntaxes: tuple[str, ...] = UNCOMPRESSED
    requestor_scp: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """One service: what it accepts, and who handles (DIMSE name, SOP class UID).

    SOP class UID "" handles whatever no other service of the node does. A handler returns, or
    yields, what pynetdicom's handler of that event does.
    """

    name: str
    contexts: tuple[Context, ...]
    handlers: Mapping[tuple[str, str], Handler]


def accept(entity: AE, services: Iterable[Service]) -> list[tuple[Any, Handler]]:
    """Add the services' contexts to ``entity``; returns its event handlers.

    Raises ValueError where two services claim the same requests.
    """
    table: dict[str, dict[str, Handler]] = {}
    services = tuple(services)
    for context in _merged(context for service in services for context in service.contexts):
        _add(entity, context)
    for service in services:
        for (dimse, uid), handler in service.handlers.items():
            by_class = table.setdefault(dimse, {})
            if uid in by_class:
                raise ValueError(f"two services handle {dimse} of {uid or 'any SOP class'}")
            by_class[uid] = handler
    return [(Events[dimse], _dispatch(dimse, by_class)) for dimse, by_class in table.items()]


def _merged(contexts: Iterable[Context]) -> Iterator[Context]:
    """One context for each SOP class, with what any service takes; first come, first preferred."""
    by_class: dict[str, list[Context]] = {}
    for context in contexts:
        by_class.setdefault(context.sop_class_uid, []).append(context)
    for uid, same in by_class.items():
        syntaxes = dict.fromkeys(syntax for context in same for syntax in context.transfer_syntaxes)
        yield Context(uid, tuple(syntaxes), any(context.requestor_scp for context in same))


def _add(entity: AE, context: Context) -> None:
    roles = {"scu_role": True, "scp_role": True} if context.requestor_scp else {}
    entity.add_supported_context(context.sop_class_uid, list(context.transfer_syntaxes), **roles)


def _dispatch(dimse: str, by_class: Mapping[str, Handler]) -> Handler:
    def handle(event: evt.Event) -> Any:
        uid = requested_class(event)
        handler = by_class.get(uid, by_class.get(""))
        return _refusal(dimse) if handler is None else handler(event)

    def generate(event: evt.Event) -> Iterator[Any]:
        yield from handle(event)

    return generate if dimse in {"C-FIND", "C-MOVE", "C-GET"} else handle


def requested_class(event: evt.Event) -> str:
    """The SOP class that a request names, affected or requested; else its context's."""
    request = event.request
    for keyword in ("AffectedSOPClassUID", "RequestedSOPClassUID"):
        uid = getattr(request, keyword, None)
        if uid:
            return str(uid)
    return str(event.context.abstract_syntax)


def _refusal(dimse: str) -> Any:
    if dimse in {"C-FIND", "C-MOVE", "C-GET"}:
        return iter([(SOP_CLASS_NOT_SUPPORTED, None)])
    if dimse in {"C-ECHO", "C-STORE", "N-DELETE"}:
        return SOP_CLASS_NOT_SUPPORTED
    return SOP_CLASS_NOT_SUPPORTED, Dataset()
