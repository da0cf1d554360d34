"""Event reports of steps and of verifications, read (PS3.4 CC.2.4, DD.3.2.4)."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydicom import Dataset

from gateway.dicom.item import Notes
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.dicom.received import received_item
from gateway.dicom.ups.codes import read_codes
from gateway.domain.errors import InputError
from gateway.domain.worklist import StepEventKind

STEP_EVENTS: Mapping[int, StepEventKind] = {
    1: StepEventKind.STATE_REPORT,
    2: StepEventKind.CANCEL_REQUESTED,
    3: StepEventKind.PROGRESS_REPORT,
    4: StepEventKind.STATUS_CHANGE,
    5: StepEventKind.ASSIGNED,
}
"""Kinds by Event Type ID."""
VERIFICATION_PENDING, VERIFICATION_DONE = 1, 2
VERIFICATION_EVENTS = (VERIFICATION_PENDING, VERIFICATION_DONE)
"""Event Type IDs of machine verification."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an event says, as far as it matters here; empty where it says nothing.

    ``state`` is a Procedure Step State, a Treatment Verification Status or an SCP Status.
    """

    state: str = ""
    reason: str = ""
    requesting_ae: str = ""


def read_step_event(event_type: int, information: Dataset) -> Told:
    """An event of the UPS Event SOP class. Raises InputError for what is none."""
    if event_type not in STEP_EVENTS:
        raise InputError(f"there is no event type {event_type} of a procedure step")
    return _read(information, ("ProcedureStepState", "SCPStatus"))


def read_verification_event(event_type: int, information: Dataset) -> Told:
    """An event of a machine verification. Raises InputError for what is none."""
    if event_type not in VERIFICATION_EVENTS:
        raise InputError(f"there is no event type {event_type} of a verification")
    return _read(information, ("TreatmentVerificationStatus",))


def _read(information: Dataset, states: tuple[str, ...]) -> Told:
    try:
        with quietly():
            item = received_item(information, Notes())
            reasons = read_codes(item, "ProcedureStepDiscontinuationReasonCodeSequence")
            return Told(
                state=next(filter(None, map(item.text, states)), ""),
                reason=item.text("ReasonForCancellation")
                or ", ".join(code.meaning or code.value for code in reasons),
                requesting_ae=item.text("RequestingAE"),
            )
    except READING_ERRORS as problem:
        raise InputError("the event information cannot be decoded") from problem
