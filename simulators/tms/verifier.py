"""Machine verification as SCP (PS3.4 annex DD): instances, their states and their verdicts."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from pydicom import Dataset

from simulators.tms import statuses
from simulators.tms.data import has, is_uid, item, items, text
from simulators.tms.objects import ObjectStore
from simulators.tms.verification import (
    Difference,
    Tolerances,
    Verdict,
    differences,
    failed_attributes,
    fraction_group,
)
from simulators.tms.worklist import Reply

_SEQUENCES = ("GeneralMachineVerificationSequence", "ConventionalMachineVerificationSequence")
_FIXED = ("ReferencedRTPlanSequence", "ReferencedFractionGroupNumber", "PatientID")
_OURS = (
    "TreatmentVerificationStatus",
    "FailedAttributesSequence",
    "OverriddenAttributesSequence",
)


@dataclass(slots=True)
class Verification:
    """An instance: what it is about, what is to be delivered, and how that was judged."""

    dataset: Dataset
    verdict: Verdict | None = None
    found: list[Difference] = field(default_factory=list)


class Verifier:
    """Verifications by SOP Instance UID, against plans that are held. Any thread may call."""

    def __init__(
        self,
        plans: Callable[[], ObjectStore],
        verdict: Verdict | None,
        tolerances: Tolerances,
    ) -> None:
        self._plans = plans
        self._forced = verdict
        self._tolerances = tolerances
        self._instances: dict[str, Verification] = {}
        self._lock = threading.Lock()

    def uids(self) -> list[str]:
        """The instances there are."""
        with self._lock:
            return list(self._instances)

    def create(self, uid: str, dataset: Dataset) -> Reply:
        """N-CREATE (DD.3.2.1): one plan, its fraction group, the patient; no beam yet."""
        if refusal := _unusable(uid, dataset):
            return refusal
        if refusal := self._unplanned(dataset):
            return refusal
        with self._lock:
            if uid in self._instances:
                return Reply(statuses.DUPLICATE_INSTANCE, comment="there is one with this UID")
            self._instances[uid] = Verification(dataset)
        return Reply(statuses.SUCCESS, dataset)

    def set(self, uid: str, dataset: Dataset) -> Reply:
        """N-SET (DD.3.2.1): the parameters of one beam; a new beam replaces the one before."""
        for keyword in (*_FIXED, *_OURS):
            if keyword in dataset:
                return Reply(statuses.NO_SUCH_ATTRIBUTE, comment=f"{keyword} is not allowed here")
        for keyword in _SEQUENCES:
            if len(items(dataset, keyword)) != 1:
                return Reply(statuses.MISSING_VALUE, comment=f"{keyword} needs one item")
        conventional = items(dataset, _SEQUENCES[1])[0]
        if len(items(conventional, "ConventionalControlPointVerificationSequence")) != 1:
            comment = "ConventionalControlPointVerificationSequence needs one item"
            return Reply(statuses.MISSING_VALUE, comment=comment)
        with self._lock:
            instance = self._instances.get(uid)
            if instance is None:
                return _unknown()
            if self._planned(instance.dataset, dataset) is None:
                return Reply(statuses.NO_SUCH_BEAM, comment="no such beam in the fraction group")
            instance.dataset.update(dataset)
            instance.verdict, instance.found = None, []
        return Reply(statuses.SUCCESS)

    def verify(self, uid: str) -> Reply:
        """N-ACTION type 1, Request Beam Verification (DD.3.2.3)."""
        with self._lock:
            instance = self._instances.get(uid)
            if instance is None:
                return _unknown()
            if not all(has(instance.dataset, keyword) for keyword in _SEQUENCES):
                return Reply(statuses.PROCESSING_FAILURE, comment="no beam was set")
            planned = self._planned(instance.dataset, instance.dataset)
            if planned is None:
                return Reply(statuses.NO_SUCH_BEAM, comment="the beam is no longer in the plan")
            instance.found = list(differences(*planned, instance.dataset, self._tolerances))
            compared = Verdict.NOT_VERIFIED if instance.found else Verdict.VERIFIED
            instance.verdict = self._forced or compared
            return Reply(statuses.SUCCESS, _judged(instance))

    def get(self, uid: str, tags: Collection[int]) -> Reply:
        """N-GET (DD.3.2.2): what was set, and the verdict with its attributes."""
        with self._lock:
            instance = self._instances.get(uid)
            if instance is None:
                return _unknown()
            whole = Dataset()
            whole.update(instance.dataset)
            whole.update(_judged(instance))
        if not tags:
            return Reply(statuses.SUCCESS, whole)
        part = Dataset()
        for tag in tags:
            if tag in whole:
                part[tag] = whole[tag]
        return Reply(statuses.SUCCESS, part)

    def delete(self, uid: str) -> int:
        """N-DELETE (DD.3.2.5); the status."""
        with self._lock:
            gone = self._instances.pop(uid, None)
        return statuses.NO_SUCH_VERIFICATION if gone is None else statuses.SUCCESS

    def _unplanned(self, dataset: Dataset) -> Reply | None:
        plan = self._plan(dataset)
        if plan is None:
            return Reply(statuses.NO_SUCH_PLAN, comment="the plan is not held here")
        number = text(dataset, "ReferencedFractionGroupNumber")
        if not number and len(items(plan, "FractionGroupSequence")) > 1:
            comment = "ReferencedFractionGroupNumber is needed: the plan has several"
            return Reply(statuses.MISSING_ATTRIBUTE, comment=comment)
        group = fraction_group(plan, number)
        if group is None:
            return Reply(statuses.NO_SUCH_FRACTION_GROUP, comment=f"no fraction group {number}")
        if not _beams(group):
            return Reply(statuses.NO_BEAMS_IN_GROUP, comment="the fraction group has no beams")
        return None

    def _plan(self, dataset: Dataset) -> Dataset | None:
        reference = items(dataset, "ReferencedRTPlanSequence")[0]
        held = self._plans().get(text(reference, "ReferencedSOPInstanceUID"))
        return None if held is None else held.dataset()

    def _planned(self, about: Dataset, request: Dataset) -> tuple[Dataset, Dataset] | None:
        """The fraction group, and its beam that a request names; None where it has none such."""
        plan = self._plan(about)
        if plan is None:
            return None
        group = fraction_group(plan, text(about, "ReferencedFractionGroupNumber"))
        if group is None:
            return None
        general = items(request, "GeneralMachineVerificationSequence")[0]
        number = text(general, "ReferencedBeamNumber")
        treated = {text(each, "ReferencedBeamNumber") for each in _beams(group)}
        beams = [each for each in items(plan, "BeamSequence") if text(each, "BeamNumber") == number]
        return (group, beams[0]) if beams and number in treated else None


def _unusable(uid: str, dataset: Dataset) -> Reply | None:
    """Why an N-CREATE is refused whatever plans there are (Table DD.3.2.1-1)."""
    if not is_uid(uid):
        return Reply(statuses.INVALID_INSTANCE, comment="no valid SOP Instance UID")
    for keyword in ("ReferencedRTPlanSequence", "PatientID"):
        if not has(dataset, keyword):
            missing = keyword not in dataset
            status = statuses.MISSING_ATTRIBUTE if missing else statuses.MISSING_VALUE
            return Reply(status, comment=f"{keyword} is needed")
    for keyword in _SEQUENCES:
        if keyword not in dataset:
            return Reply(statuses.MISSING_ATTRIBUTE, comment=f"{keyword} is needed, empty")
        if has(dataset, keyword):
            return Reply(statuses.INVALID_ATTRIBUTE_VALUE, comment=f"{keyword} has to be empty")
    return None


def _beams(group: Dataset) -> list[Dataset]:
    return items(group, "ReferencedBeamSequence")


def _judged(instance: Verification) -> Dataset:
    """The verdict, and the attributes that failed or were overridden (DD.3.2.2.4)."""
    if instance.verdict is None:
        return Dataset()
    named = failed_attributes(instance.found)
    failed = instance.verdict is Verdict.NOT_VERIFIED
    overridden = instance.verdict is Verdict.OVERRIDDEN
    return item(
        TreatmentVerificationStatus=str(instance.verdict),
        FailedAttributesSequence=named if failed else [],
        OverriddenAttributesSequence=named if overridden else [],
    )


def _unknown() -> Reply:
    return Reply(statuses.NO_SUCH_VERIFICATION, comment="no such verification")
