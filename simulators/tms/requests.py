"""What the services share: who called whom, under which context, and how refusals are answered."""

from dataclasses import dataclass
from typing import Any

from pydicom import Dataset
from pynetdicom import evt
from pynetdicom.association import Association

COMMENT_LENGTH = 64
"""Error Comment (0000,0902) is LO."""


@dataclass(frozen=True, slots=True)
class Caller:
    """AE titles of a request, and the abstract syntax of its context."""

    calling: str
    called: str
    context: str


def caller(event: evt.Event) -> Caller:
    """Of an event of an association that this side accepted."""
    calling = event.assoc.requestor.ae_title.strip()
    return Caller(calling, called_title(event.assoc), str(event.context.abstract_syntax))


def called_title(association: Association) -> str:
    """The AE title that a peer called."""
    request = association.requestor.primitive
    return "" if request is None else str(request.called_ae_title).strip()


def answer(status: int, comment: str = "") -> Dataset:
    """A status for pynetdicom, with the reason of a refusal."""
    dataset = Dataset()
    dataset.Status = status
    if comment and status:
        dataset.ErrorComment = comment[:COMMENT_LENGTH]
    return dataset


def requested(event: evt.Event, part: str) -> str:
    """The ``SOPClassUID`` or ``SOPInstanceUID`` that a request names, "" where it names none."""
    for kind in ("Requested", "Affected"):
        uid = getattr(event.request, f"{kind}{part}", None)
        if uid:
            return str(uid)
    return ""


def data(event: evt.Event, name: str) -> Dataset:
    """A data set of a request (``action_information``, ``attribute_list``...), empty without."""
    dataset: Any = getattr(event, name)
    return dataset if isinstance(dataset, Dataset) else Dataset()
