"""Messages on associations, told to the journal."""

from collections.abc import Callable
from typing import Any, Literal

from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.dsutils import decode

from simulators.tms.journal import Journal, Message, flattened
from simulators.tms.requests import called_title

_COMMAND = (
    "ActionTypeID",
    "EventTypeID",
    "MoveDestination",
    "ErrorComment",
    "NumberOfRemainingSuboperations",
    "NumberOfCompletedSuboperations",
    "NumberOfFailedSuboperations",
    "NumberOfWarningSuboperations",
)
"""Command attributes that are told, beside the data set's."""


def handlers(journal: Journal) -> list[tuple[Any, Callable[[evt.Event], None]]]:
    """Event handlers that put every message of an association into ``journal``."""
    return [
        (evt.EVT_DIMSE_RECV, lambda event: journal.add(_message(event, "in"))),
        (evt.EVT_DIMSE_SENT, lambda event: journal.add(_message(event, "out"))),
    ]


def _message(event: evt.Event, direction: Literal["in", "out"]) -> Message:
    message, association = event.message, event.assoc
    command: Dataset = message.command_set
    context = next(
        (each for each in association.accepted_contexts if each.context_id == message.context_id),
        None,
    )
    dimse = type(message).__name__.replace("_", "-")
    attributes = {word: str(command[word].value) for word in _COMMAND if word in command}
    if context is not None and not dimse.startswith("C-STORE"):
        attributes |= flattened(_data(message, context.transfer_syntax[0]))
    theirs, ours = _titles(association)
    return Message(
        direction,
        dimse,
        theirs,
        ours,
        str(context.abstract_syntax) if context is not None else "",
        _uid(command, "SOPClassUID"),
        _uid(command, "SOPInstanceUID"),
        int(command.Status) if "Status" in command else None,
        attributes,
    )


def _data(message: Any, transfer_syntax: UID) -> Dataset:
    content = message.data_set
    if content is None or not content.getvalue():
        return Dataset()
    content.seek(0)
    dataset: Dataset = decode(
        content,
        transfer_syntax.is_implicit_VR,
        transfer_syntax.is_little_endian,
        transfer_syntax.is_deflated,
    )
    return dataset


def _titles(association: Any) -> tuple[str, str]:
    """AE titles of the other side, and the one this side was called by or calls itself."""
    if association.is_acceptor:
        return association.requestor.ae_title.strip(), called_title(association)
    return association.acceptor.ae_title.strip(), association.requestor.ae_title.strip()


def _uid(command: Dataset, part: str) -> str:
    for kind in ("Requested", "Affected"):
        if f"{kind}{part}" in command:
            return str(command[f"{kind}{part}"].value)
    return ""
