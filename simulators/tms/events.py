"""Event reports of the worklist (PS3.4 Table CC.2.4-1)."""

from dataclasses import dataclass
from enum import IntEnum

from pydicom import Dataset

from simulators.tms.data import has, item, items
from simulators.tms.uids import UPS_GLOBAL


class EventType(IntEnum):
    """Event Type ID."""

    STATE_REPORT = 1
    CANCEL_REQUESTED = 2
    PROGRESS_REPORT = 3
    SCP_STATUS_CHANGE = 4
    ASSIGNED = 5


@dataclass(frozen=True, slots=True)
class Report:
    """An event for one subscriber, about one instance."""

    receiver: str
    event_type: int
    instance_uid: str
    dataset: Dataset


_REASONS = ("ReasonForCancellation", "ProcedureStepDiscontinuationReasonCodeSequence")
_CANCEL_REQUEST = (*_REASONS, "ContactURI", "ContactDisplayName")


def state_report(step: Dataset) -> Dataset:
    """UPS State Report; the reasons of a cancellation are told where they are known."""
    dataset = _part(step, ("ProcedureStepState", "InputReadinessState"))
    for progress in items(step, "ProcedureStepProgressInformationSequence")[:1]:
        dataset.update(_part(progress, _REASONS))
    return dataset


def cancel_requested(request: Dataset, requesting_ae: str) -> Dataset:
    """UPS Cancel Requested, with what the request said."""
    dataset = _part(request, _CANCEL_REQUEST)
    dataset.RequestingAE = requesting_ae
    return dataset


def progress_report(step: Dataset) -> Dataset:
    """UPS Progress Report."""
    return _part(step, ("ProcedureStepProgressInformationSequence",))


def assigned(step: Dataset) -> Dataset:
    """UPS Assigned, to a station."""
    return _part(step, ("ScheduledStationNameCodeSequence",))


def restarted() -> Dataset:
    """SCP Status Change after a restart that lost neither subscriptions nor steps."""
    return item(
        SCPStatus="RESTARTED",
        SubscriptionListStatus="WARM START",
        UnifiedProcedureStepListStatus="WARM START",
    )


def status_change(receiver: str) -> Report:
    """The SCP Status Change for one global subscriber."""
    return Report(receiver, EventType.SCP_STATUS_CHANGE, UPS_GLOBAL, restarted())


def _part(dataset: Dataset, keywords: tuple[str, ...]) -> Dataset:
    part = Dataset()
    for keyword in ("SpecificCharacterSet", *keywords):
        if has(dataset, keyword):
            part[keyword] = dataset[keyword]
    return part
