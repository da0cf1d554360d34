"""Numbers that say how many items or values there are, wherever they stand."""

from collections.abc import Iterator, Mapping, Sequence

from gateway.dicom.encoded_items import Item, number_of
from gateway.dicom.iod.meaning.levels import Level
from gateway.dicom.iod.meaning.notes import wrong
from gateway.dicom.iod.reading import count, integer, items
from gateway.domain.findings import Finding

_PLAN, _ION, _BRACHY = "C.8.8.14", "C.8.8.25", "C.8.8.15"
_RECORD, _ION_RECORD, _BRACHY_RECORD = "C.8.8.21", "C.8.8.26", "C.8.8.22"
_DEVICES = "C.36.14"
ITEMS: Mapping[str, Mapping[str, str]] = {
    "NumberOfControlPoints": {
        "ControlPointSequence": _PLAN,
        "IonControlPointSequence": _ION,
        "BrachyControlPointSequence": _BRACHY,
        "ControlPointDeliverySequence": _RECORD,
        "IonControlPointDeliverySequence": _ION_RECORD,
        "BrachyControlPointDeliveredSequence": _BRACHY_RECORD,
    },
    "NumberOfWedges": {
        "WedgeSequence": _PLAN,
        "IonWedgeSequence": _ION,
        "RecordedWedgeSequence": _RECORD,
        "WedgeDefinitionSequence": _DEVICES,
    },
    "NumberOfCompensators": {
        "CompensatorSequence": _PLAN,
        "IonRangeCompensatorSequence": _ION,
        "RecordedCompensatorSequence": _RECORD,
        "CompensatorDefinitionSequence": _DEVICES,
    },
    "NumberOfBoli": {"ReferencedBolusSequence": _PLAN},
    "NumberOfBlocks": {
        "BlockSequence": _PLAN,
        "IonBlockSequence": _ION,
        "RecordedBlockSequence": _RECORD,
        "BlockDefinitionSequence": _DEVICES,
    },
    "NumberOfBlockSlabItems": {"BlockSlabSequence": _ION, "RecordedBlockSlabSequence": _ION_RECORD},
    "NumberOfRangeShifters": {
        "RangeShifterSequence": _ION,
        "RecordedRangeShifterSequence": _ION_RECORD,
    },
    "NumberOfRangeModulators": {
        "RangeModulatorSequence": _ION,
        "RecordedRangeModulatorSequence": _ION_RECORD,
    },
    "NumberOfLateralSpreadingDevices": {
        "LateralSpreadingDeviceSequence": _ION,
        "RecordedLateralSpreadingDeviceSequence": _ION_RECORD,
    },
    "NumberOfBeams": {"ReferencedBeamSequence": "C.8.8.13"},
    "NumberOfBrachyApplicationSetups": {"ReferencedBrachyApplicationSetupSequence": "C.8.8.13"},
    "NumberOfRTControlPoints": {
        "CArmPhotonElectronControlPointSequence": "C.36.15",
        "TomotherapeuticControlPointSequence": "C.36.17",
        "RoboticPathControlPointSequence": "C.36.19",
        "RTRadiationSalvageRecordControlPointSequence": "C.36",
    },
    "NumberOfRTBeamLimitingDevices": {"RTBeamLimitingDeviceDefinitionSequence": _DEVICES},
    "NumberOfRTBeamLimitingDeviceOpenings": {"RTBeamLimitingDeviceOpeningSequence": "C.36.15"},
    "NumberOfRTAccessoryHolders": {"RTAccessoryHolderDefinitionSequence": _DEVICES},
    "NumberOfGeneralAccessories": {"GeneralAccessoryDefinitionSequence": _DEVICES},
    "NumberOfBoluses": {"BolusDefinitionSequence": _DEVICES},
    "NumberOfRadiationGenerationModes": {"RadiationGenerationModeSequence": _DEVICES},
    "NumberOfPatientSupportDevices": {"PatientSupportDevicesSequence": "C.36.12"},
    "NumberOfAcquisitionDevices": {"AcquisitionDeviceSequence": _DEVICES},
    "NumberOfWedgePositions": {"WedgePositionSequence": "C.36.15"},
}
"""Sequences that a number counts, of which an item has one, with the clause of their module."""
VALUES: Mapping[str, Mapping[str, tuple[int, int, str]]] = {
    "NumberOfContourPoints": {"ContourData": (3, 0, "C.8.8.6.3")},
    "DVHNumberOfBins": {"DVHData": (2, 0, "C.8.8.4")},
    "BlockNumberOfPoints": {"BlockData": (2, 0, "C.8.8.14")},
    "NumberOfScanSpotPositions": {
        "ScanSpotPositionMap": (2, 0, "C.8.8.25.8"),
        "ScanSpotMetersetWeights": (1, 0, "C.8.8.25.8"),
        "ScanSpotMetersetsDelivered": (1, 0, "C.8.8.26"),
        "ScanSpotPrescribedIndices": (1, 0, "C.8.8.26"),
    },
    "NumberOfPolygonalVertices": {"VerticesOfThePolygonalOutline": (2, 0, "C.36.14")},
    "NumberOfParallelRTBeamDelimiters": {"ParallelRTBeamDelimiterBoundaries": (1, 1, _DEVICES)},
}
"""Values that a number counts: how many for each one, how many more, the clause."""
DELIVERED = "ControlPointDeliverySequence"
_ITEMS = {number_of(name): name for name in ITEMS}
_VALUES = {number_of(name): name for name in VALUES}
_ROWS, _FRAMES = number_of("CompensatorRows"), number_of("NumberOfFrames")
_TAGS = frozenset((*_ITEMS, *_VALUES, _ROWS, _FRAMES))


def count_findings(found: Sequence[Level]) -> Iterator[Finding]:
    """Each number beside what it counts."""
    for item, path in found:
        for tag in item.elements.keys() & _TAGS:
            if tag in _ITEMS:
                yield from _items(item, path, _ITEMS[tag])
            elif tag in _VALUES:
                yield from _values(item, path, _VALUES[tag])
            elif tag == _ROWS:
                yield from _compensator(item, path)
            else:
                yield from _frames(item, path)


def _items(item: Item, path: str, keyword: str) -> Iterator[Finding]:
    declared, sequences = integer(item, keyword), ITEMS[keyword]
    there = [name for name in sequences if name in item]
    if declared is None or (not there and keyword == "NumberOfBoli" and DELIVERED in item):
        return  # a photon record may leave boli out
    found = sum(len(items(item, name)) for name in there)
    if declared != found:
        message = f"{declared} are declared, {found} are here"
        clause = sequences[there[0]] if there else next(iter(sequences.values()))
        yield wrong("item-count", f"{path}{keyword}", message, clause)


def _values(item: Item, path: str, keyword: str) -> Iterator[Finding]:
    declared = integer(item, keyword)
    if declared is None:
        return
    for name, (each, more, clause) in VALUES[keyword].items():
        there = count(item, name)
        if there and there != declared * each + more:
            message = f"{there} values, where {keyword} is {declared}"
            yield wrong("item-count", f"{path}{name}", message, clause)


def _compensator(item: Item, path: str) -> Iterator[Finding]:
    rows, columns = integer(item, "CompensatorRows"), integer(item, "CompensatorColumns")
    if rows is None or columns is None:
        return
    for name in ("CompensatorThicknessData", "CompensatorTransmissionData"):
        there = count(item, name)
        if there and there != rows * columns:
            message = f"{there} values for {rows} rows and {columns} columns"
            yield wrong("item-count", f"{path}{name}", message, _PLAN)


def _frames(item: Item, path: str) -> Iterator[Finding]:
    frames, each = integer(item, "NumberOfFrames"), "PerFrameFunctionalGroupsSequence"
    if frames is not None and each in item and frames != len(items(item, each)):
        message = f"{frames} are declared, groups are here for {len(items(item, each))}"
        yield wrong("item-count", f"{path}NumberOfFrames", message, "C.7.6.16")
