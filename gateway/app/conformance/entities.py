"""Application entities: what each asks of others, and on what terms (PS3.2 A.4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.uid import UID

from gateway.app.conformance.markdown import table
from gateway.dicom import sop_classes as known


@dataclass(frozen=True, slots=True)
class Asked:
    """A SOP class that an entity asks for, with the services it uses, as which role, and why."""

    sop_class_uid: str
    dimse: str
    purpose: str
    role: str = "SCU"


MOVED = tuple(
    Asked(row.uid, "C-STORE", "objects that a peer moves with C-MOVE") for row in known.STORAGE
)
LISTENER = MOVED
"""What the listener asks for: the sub-operations of C-MOVE."""
SENDER = (
    *(
        Asked(row.uid, "C-STORE", "results of deliveries, and answers to plans")
        for row in known.STORAGE
        if row.sent
    ),
    Asked(known.BASIC_TEXT_SR, "C-STORE", "the verdict, to the peer that sent the plan"),
    Asked(known.STORAGE_COMMITMENT, "N-ACTION", "commitment of what was sent"),
    Asked(
        known.STUDY_ROOT_FIND, "C-FIND", "whether a destination without commitment has an object"
    ),
    Asked(known.STORAGE_COMMITMENT, "N-EVENT-REPORT", "commitments that were asked here", "SCP"),
)
PERFORMER = (
    Asked(known.UPS_PULL, "C-FIND, N-GET, N-SET, N-ACTION", "query, claim, progress, final state"),
    Asked(known.UPS_WATCH, "N-ACTION, N-GET", "subscription to a step"),
    Asked(known.STUDY_ROOT_MOVE, "C-MOVE", "inputs of a step"),
    Asked(
        known.RT_CONVENTIONAL_VERIFICATION,
        "N-CREATE, N-SET, N-ACTION, N-GET, N-DELETE",
        "external verification of each beam",
    ),
)
HEAD = ("SOP class", "UID", "role", "DIMSE services", "for")


def asked(entity: Sequence[Asked]) -> str:
    """What one entity asks of others."""
    return table(HEAD, [_row(one) for one in entity])


def _row(one: Asked) -> tuple[str, str, str, str, str]:
    return UID(one.sop_class_uid).name, one.sop_class_uid, one.role, one.dimse, one.purpose
