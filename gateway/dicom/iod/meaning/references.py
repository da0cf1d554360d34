"""References by number inside an object, and the numbers that they go by."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.dicom.encoded_items import Item, number_of
from gateway.dicom.iod.meaning.levels import Level
from gateway.dicom.iod.meaning.notes import wrong
from gateway.dicom.iod.reading import integer, items
from gateway.dicom.sop_classes import (
    RT_BRACHY_TREATMENT_RECORD,
    RT_ION_PLAN,
    RT_PLAN,
    RT_STRUCTURE_SET,
)
from gateway.domain.findings import Finding


@dataclass(frozen=True, slots=True)
class Reference:
    """Where the number stands that is referred to.

    ``inside``: SOP classes whose objects hold it themselves; in others it may be another object's.
    """

    sequences: tuple[str, ...]
    number: str
    clause: str
    inside: frozenset[str] = frozenset()


_PLANS = frozenset({RT_PLAN, RT_ION_PLAN})
REFERENCES: Mapping[str, Reference] = {
    "ReferencedBeamNumber": Reference(
        ("BeamSequence", "IonBeamSequence"), "BeamNumber", "C.8.8.13", _PLANS
    ),
    "ReferencedBrachyApplicationSetupNumber": Reference(
        ("ApplicationSetupSequence",), "ApplicationSetupNumber", "C.8.8.13", _PLANS
    ),
    "ReferencedToleranceTableNumber": Reference(
        ("ToleranceTableSequence", "IonToleranceTableSequence"),
        "ToleranceTableNumber",
        "C.8.8.11",
        _PLANS,
    ),
    "ReferencedPatientSetupNumber": Reference(
        ("PatientSetupSequence",), "PatientSetupNumber", "C.8.8.12", _PLANS
    ),
    "ReferencedDoseReferenceNumber": Reference(
        ("DoseReferenceSequence",), "DoseReferenceNumber", "C.8.8.10", _PLANS
    ),
    "ReferencedWedgeNumber": Reference(
        ("WedgeSequence", "IonWedgeSequence", "RecordedWedgeSequence"),
        "WedgeNumber",
        "C.8.8.14",
        _PLANS,
    ),
    "ReferencedRangeShifterNumber": Reference(
        ("RangeShifterSequence",), "RangeShifterNumber", "C.8.8.25", _PLANS
    ),
    "ReferencedRangeModulatorNumber": Reference(
        ("RangeModulatorSequence",), "RangeModulatorNumber", "C.8.8.25", _PLANS
    ),
    "ReferencedLateralSpreadingDeviceNumber": Reference(
        ("LateralSpreadingDeviceSequence",), "LateralSpreadingDeviceNumber", "C.8.8.25", _PLANS
    ),
    "ReferencedSourceNumber": Reference(
        ("SourceSequence", "RecordedSourceSequence"),
        "SourceNumber",
        "C.8.8.15",
        frozenset({RT_PLAN, RT_BRACHY_TREATMENT_RECORD}),
    ),
    "ReferencedMeasuredDoseReferenceNumber": Reference(
        ("MeasuredDoseReferenceSequence",), "MeasuredDoseReferenceNumber", "C.8.8.19"
    ),
    "ReferencedCalculatedDoseReferenceNumber": Reference(
        ("CalculatedDoseReferenceSequence",), "CalculatedDoseReferenceNumber", "C.8.8.20"
    ),
    "ReferencedROINumber": Reference(
        ("StructureSetROISequence",), "ROINumber", "C.8.8.5", frozenset({RT_STRUCTURE_SET})
    ),
    "ReferencedSegmentReferenceIndex": Reference(
        ("SegmentReferenceSequence",), "SegmentReferenceIndex", "C.36.8"
    ),
    "ReferencedRTAccessoryHolderDeviceIndex": Reference(
        ("RTAccessoryHolderDefinitionSequence",), "DeviceIndex", "C.36.14"
    ),
}
NUMBERED: Mapping[str, tuple[str, str]] = {
    "FractionGroupSequence": ("FractionGroupNumber", "C.8.8.13"),
    "BeamSequence": ("BeamNumber", "C.8.8.14"),
    "IonBeamSequence": ("BeamNumber", "C.8.8.25"),
    "DoseReferenceSequence": ("DoseReferenceNumber", "C.8.8.10"),
    "ToleranceTableSequence": ("ToleranceTableNumber", "C.8.8.11"),
    "IonToleranceTableSequence": ("ToleranceTableNumber", "C.8.8.24"),
    "PatientSetupSequence": ("PatientSetupNumber", "C.8.8.12"),
    "WedgeSequence": ("WedgeNumber", "C.8.8.14"),
    "BlockSequence": ("BlockNumber", "C.8.8.14"),
    "RangeShifterSequence": ("RangeShifterNumber", "C.8.8.25"),
    "RangeModulatorSequence": ("RangeModulatorNumber", "C.8.8.25"),
    "SourceSequence": ("SourceNumber", "C.8.8.15"),
    "RecordedSourceSequence": ("SourceNumber", "C.8.8.22"),
    "ApplicationSetupSequence": ("ApplicationSetupNumber", "C.8.8.15"),
    "ChannelSequence": ("ChannelNumber", "C.8.8.15"),
    "StructureSetROISequence": ("ROINumber", "C.8.8.5"),
    "RTROIObservationsSequence": ("ObservationNumber", "C.8.8.8"),
}
"""Items that are told apart by a number."""
_REFERRING = {number_of(name): name for name in REFERENCES}
_NUMBERED = {number_of(name): name for name in NUMBERED}


def reference_findings(found: Sequence[Level], sop_class: str) -> Iterator[Finding]:
    """Numbers that nothing has, and numbers that several have."""
    for item, path in found:
        for tag in item.elements.keys() & _REFERRING.keys():
            yield from _reference(item, path, _REFERRING[tag], sop_class)
        for tag in item.elements.keys() & _NUMBERED.keys():
            yield from _unique(item, path, _NUMBERED[tag])


def _reference(item: Item, path: str, keyword: str, sop_class: str) -> Iterator[Finding]:
    value, reference = integer(item, keyword), REFERENCES[keyword]
    if value is None:
        return
    holder = _holder(item, reference.sequences)
    if holder is None and sop_class not in reference.inside:
        return
    known = {
        integer(one, reference.number)
        for name in reference.sequences
        for one in (items(holder, name) if holder else ())
    }
    if value not in known:
        message = f"{value} is not in this object"
        yield wrong("unresolved-reference", f"{path}{keyword}", message, reference.clause)


def _holder(item: Item | None, sequences: Sequence[str]) -> Item | None:
    """The nearest item around that has one of the sequences."""
    while item is not None and not any(name in item for name in sequences):
        item = item.outer
    return item


def _unique(item: Item, path: str, sequence: str) -> Iterator[Finding]:
    number, clause = NUMBERED[sequence]
    counted = Counter(integer(one, number) for one in items(item, sequence))
    for value, times in counted.items():
        if value is not None and times > 1:
            message = f"{number} {value} stands {times} times"
            yield wrong("duplicate-number", f"{path}{sequence}", message, clause)
