"""Statuses of the UPS and machine verification services, in words (PS3.4 CC.2, DD.3; PS3.7 C)."""

from collections.abc import Mapping

SUCCESS = 0x0000
PENDING = (0xFF00, 0xFF01)
CANCELED = 0xFE00
NO_SUCH_OBJECT = 0x0112
NO_LONGER_UPDATED = 0xC300
WRONG_TRANSACTION = 0xC301
ALREADY_IN_PROGRESS = 0xC302
NO_SUCH_STEP = 0xC307
NOT_IN_PROGRESS = 0xC310
ALREADY_COMPLETED = 0xC311
ALREADY_CANCELED_AS_ASKED = 0xB304
ALREADY_COMPLETED_AS_ASKED = 0xB306

WARNINGS: Mapping[int, str] = {
    0x0001: "requested optional attributes are not supported",
    0x0107: "some attributes are not known and were left out",
    0x0116: "an attribute value is out of range",
    0xB300: "the step was created with modifications",
    0xB301: "the deletion lock is not granted",
    ALREADY_CANCELED_AS_ASKED: "the step is CANCELED already, as asked",
    0xB305: "invalid values were coerced to valid ones",
    ALREADY_COMPLETED_AS_ASKED: "the step is COMPLETED already, as asked",
}
"""The request was carried out all the same."""

UPS_FAILURES: Mapping[int, str] = {
    NO_LONGER_UPDATED: "the step may no longer be updated",
    WRONG_TRANSACTION: "the Transaction UID is not that of the claim",
    ALREADY_IN_PROGRESS: "the step is IN PROGRESS already: another device has claimed it",
    0xC303: "a step becomes SCHEDULED by its creation only",
    0xC304: "the step does not meet the requirements of the final state",
    NO_SUCH_STEP: "there is no such step",
    0xC308: "the receiving AE title is not known there",
    0xC309: "a step is created SCHEDULED, and not otherwise",
    NOT_IN_PROGRESS: "the step is not IN PROGRESS yet",
    ALREADY_COMPLETED: "the step is COMPLETED already",
    0xC312: "the performer of the step cannot be contacted",
    0xC313: "the performer chooses not to cancel",
    0xC314: "the action is not appropriate for this step",
    0xC315: "event reports are not supported there",
}
VERIFICATION_FAILURES: Mapping[int, str] = {
    0xC112: "there is no such verification",
    0xC221: "the plan has no such fraction group",
    0xC222: "the fraction group has no beams",
    0xC223: "another verification is under way",
    0xC224: "the fraction group has no such beam",
    0xC225: "a device or accessory is not supported there",
    0xC226: "a device or accessory is not the beam's",
    0xC227: "the plan is not held there",
}
GENERAL_FAILURES: Mapping[int, str] = {
    0x0105: "an attribute is not known there",
    0x0106: "an attribute has a value that is not allowed",
    0x0110: "processing failure",
    0x0111: "the instance exists already",
    NO_SUCH_OBJECT: "there is no such instance",
    0x0113: "there is no such event type",
    0x0115: "an argument has a value that is not allowed",
    0x0117: "the instance UID is none",
    0x0118: "the SOP class is not known there",
    0x0119: "the instance is of another SOP class",
    0x0120: "an attribute is missing",
    0x0121: "an attribute has no value",
    0x0122: "the SOP class is not supported there",
    0x0123: "there is no such action",
    0x0124: "this device is not authorised",
    0x0210: "the message ID is in use",
    0x0211: "the operation is not one of this SOP class",
    0x0212: "an argument is mistyped",
    0x0213: "out of resources",
    0xA700: "out of resources",
    0xA701: "out of resources: matches cannot be counted",
    0xA702: "out of resources: sub-operations cannot be performed",
    0xA801: "the move destination is not known there",
    0xA900: "the identifier does not match the SOP class",
    0xB000: "some sub-operations failed",
    CANCELED: "the operation was cancelled",
}


def is_done(status: int) -> bool:
    """Whether a request was carried out, with a warning or without."""
    return status == SUCCESS or status in WARNINGS


def meaning(status: int, own: Mapping[int, str] = UPS_FAILURES) -> str:
    """A status in words with its code; ``own`` are the statuses of the service itself."""
    words = own.get(status) or GENERAL_FAILURES.get(status) or WARNINGS.get(status)
    if words is None:
        words = "unable to process" if 0xC000 <= status <= 0xCFFF else "refused"
    return f"{words} (0x{status:04X})"
