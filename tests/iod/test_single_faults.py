"""Single faults in clean objects: each is found, and where it is."""

from collections.abc import Callable

import pytest
from pydicom import Dataset
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence

from gateway.dicom.iod.validation import validate
from gateway.domain.findings import Finding, Severity, has_errors
from tests.iod.objects import OBJECTS, encoded, item, opened

Break = Callable[[Dataset], None]


@pytest.mark.parametrize("kind", OBJECTS)
def test_a_clean_object_has_no_finding(kind: str) -> None:
    findings = validate(OBJECTS[kind]()).findings
    assert [str(one) for one in findings if one.severity is not Severity.INFO] == []


def named(value: object) -> str:
    return value[:40] if isinstance(value, str) else "change"


def without(*path: str) -> Break:
    def change(dataset: Dataset) -> None:
        at(dataset, path[:-1]).pop(path[-1], None)

    return change


def with_value(value: object, *path: str) -> Break:
    def change(dataset: Dataset) -> None:
        holder = at(dataset, path[:-1])
        vr = dictionary_VR(path[-1]).rsplit(" ", 1)[-1]
        holder[path[-1]] = DataElement(path[-1], vr, value, validation_mode=IGNORE)

    return change


def both(*changes: Break) -> Break:
    def change(dataset: Dataset) -> None:
        for one in changes:
            one(dataset)

    return change


def at(dataset: Dataset, path: tuple[str, ...]) -> Dataset:
    for step in path:
        dataset = dataset[step].value[0]
    return dataset


def energy_without_unit(dataset: Dataset) -> None:
    point = at(dataset, ("TreatmentSessionBeamSequence", "ControlPointDeliverySequence"))
    point.NominalBeamEnergy = "6"
    del point.NominalBeamEnergyUnit


BEAM = "TreatmentSessionBeamSequence"
POINT = "ControlPointDeliverySequence"
DEVICE = "BeamLimitingDevicePositionSequence"
FAULTS: list[tuple[str, str, Break, str]] = [
    ("image", "drop label", without("RTImageLabel"), "RTImageLabel"),
    ("image", "empty label", with_value("", "RTImageLabel"), "RTImageLabel"),
    ("image", "drop SID", without("RTImageSID"), "RTImageSID"),
    ("image", "drop origin", without("ReportedValuesOrigin"), "ReportedValuesOrigin"),
    (
        "image",
        "drop meterset exposure",
        without("ExposureSequence", "MetersetExposure"),
        "ExposureSequence[0].MetersetExposure",
    ),
    (
        "image",
        "drop blocks",
        without("ExposureSequence", "NumberOfBlocks"),
        "ExposureSequence[0].NumberOfBlocks",
    ),
    ("image", "flat plane", with_value("FLAT", "RTImagePlane"), "RTImagePlane"),
    (
        "image",
        "monochrome 1",
        with_value("MONOCHROME1", "PhotometricInterpretation"),
        "PhotometricInterpretation",
    ),
    ("image", "position of 3", with_value(["1", "2", "3"], "RTImagePosition"), "RTImagePosition"),
    (
        "image",
        "not normal",
        both(with_value("NON_NORMAL", "RTImagePlane"), without("RTImageOrientation")),
        "RTImageOrientation",
    ),
    (
        "image",
        "isocenter alone",
        both(with_value(["0", "0", "0"], "IsocenterPosition"), without("PatientPosition")),
        "PatientPosition",
    ),
    ("image", "DS of 17", with_value("1500.123456789012", "RTImageSID"), "RTImageSID"),
    (
        "image",
        "foreign",
        with_value(Sequence([item(BeamNumber=1)]), "BeamSequence"),
        "BeamSequence",
    ),
    ("image", "high bit", with_value(14, "HighBit"), "HighBit"),
    (
        "record",
        "drop termination",
        without(BEAM, "TreatmentTerminationStatus"),
        f"{BEAM}[0].TreatmentTerminationStatus",
    ),
    (
        "record",
        "aborted",
        with_value("ABORT", BEAM, "TreatmentTerminationStatus"),
        f"{BEAM}[0].TreatmentTerminationStatus",
    ),
    (
        "record",
        "drop gantry",
        without(BEAM, POINT, "GantryAngle"),
        f"{BEAM}[0].{POINT}[0].GantryAngle",
    ),
    (
        "record",
        "drop meterset",
        without(BEAM, POINT, "DeliveredMeterset"),
        f"{BEAM}[0].{POINT}[0].DeliveredMeterset",
    ),
    (
        "record",
        "points declared",
        with_value(3, BEAM, "NumberOfControlPoints"),
        f"{BEAM}[0].NumberOfControlPoints",
    ),
    ("record", "drop machine", without("TreatmentMachineSequence"), "TreatmentMachineSequence"),
    ("record", "no beam", with_value(Sequence(), BEAM), BEAM),
    (
        "record",
        "energy without unit",
        energy_without_unit,
        f"{BEAM}[0].{POINT}[0].NominalBeamEnergyUnit",
    ),
    (
        "record",
        "three jaws",
        with_value(["1", "2", "3"], BEAM, POINT, DEVICE, "LeafJawPositions"),
        f"{BEAM}[0].{POINT}[0].{DEVICE}[0].LeafJawPositions",
    ),
]
"""The 23 faults that dciodvfy, dicom-validator and drtdump were compared with."""


@pytest.mark.parametrize(("kind", "name", "change", "path"), FAULTS, ids=named)
def test_a_fault_is_found_where_it_is(kind: str, name: str, change: Break, path: str) -> None:
    dataset = opened(OBJECTS[kind]())
    change(dataset)
    found = validate(encoded(dataset)).findings
    there = [one for one in found if one.path == path and one.severity is not Severity.INFO]
    assert there, [str(one) for one in found]
    assert name == "foreign" or has_errors(there)
    assert all(one.clause.startswith(("PS3.3", "PS3.5", "PS3.6")) for one in there)


MEANINGS: list[tuple[str, str, Break, str]] = [
    (
        "plan",
        "meterset-weight",
        with_value("0.5", "BeamSequence", "ControlPointSequence", "CumulativeMetersetWeight"),
        "CumulativeMetersetWeight",
    ),
    (
        "plan",
        "meterset-weight",
        with_value("7", "BeamSequence", "FinalCumulativeMetersetWeight"),
        "FinalCumulativeMetersetWeight",
    ),
    (
        "plan",
        "unresolved-reference",
        with_value(99, "FractionGroupSequence", "ReferencedBeamSequence", "ReferencedBeamNumber"),
        "ReferencedBeamNumber",
    ),
    (
        "plan",
        "item-count",
        with_value(9, "FractionGroupSequence", "NumberOfBeams"),
        "NumberOfBeams",
    ),
    (
        "plan",
        "beams-and-brachy",
        with_value(1, "FractionGroupSequence", "NumberOfBrachyApplicationSetups"),
        "FractionGroupSequence[0]",
    ),
    (
        "plan",
        "control-point-0-incomplete",
        without("BeamSequence", "ControlPointSequence", "GantryRotationDirection"),
        "GantryRotationDirection",
    ),
    ("plan", "item-count", with_value(2, "BeamSequence", "NumberOfBlocks"), "NumberOfBlocks"),
    ("dose", "frame-count", with_value(["0", "2.5"], "GridFrameOffsetVector"), "GridFrameOffset"),
    (
        "dose",
        "frame-order",
        with_value(["0", "5", "2"], "GridFrameOffsetVector"),
        "GridFrameOffset",
    ),
    (
        "dose",
        "orientation",
        with_value(["1", "0", "0", "1", "0", "0"], "ImageOrientationPatient"),
        "ImageOrientationPatient",
    ),
    ("dose", "pixel-length", with_value(b"\0\0", "PixelData"), "PixelData"),
    ("image", "bit-depth", with_value(17, "BitsStored"), "BitsStored"),
    (
        "structures",
        "unresolved-reference",
        with_value(9, "ROIContourSequence", "ReferencedROINumber"),
        "ReferencedROINumber",
    ),
    (
        "structures",
        "item-count",
        with_value(4, "ROIContourSequence", "ContourSequence", "NumberOfContourPoints"),
        "ContourData",
    ),
    (
        "structures",
        "duplicate-number",
        with_value(2, "StructureSetROISequence", "ROINumber"),
        "StructureSetROISequence",
    ),
    (
        "record",
        "meterset-order",
        with_value("80", BEAM, POINT, "DeliveredMeterset"),
        "DeliveredMeterset",
    ),
]


@pytest.mark.parametrize(("kind", "rule", "change", "path"), MEANINGS, ids=named)
def test_what_makes_no_sense_is_found(kind: str, rule: str, change: Break, path: str) -> None:
    dataset = opened(OBJECTS[kind]())
    change(dataset)
    found: tuple[Finding, ...] = validate(encoded(dataset)).findings
    assert [one for one in found if one.rule == rule and path in one.path], list(map(str, found))
