"""Single faults in clean objects: each is found, and where it is."""

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from gateway.dicom.iod.validation import validate
from gateway.domain.findings import Severity, has_errors
from tests.iod.changes import Break, at, both, named, with_value, without
from tests.iod.objects import OBJECTS, encoded, item, opened


@pytest.mark.parametrize("kind", OBJECTS)
def test_a_clean_object_has_no_finding(kind: str) -> None:
    findings = validate(OBJECTS[kind]()).findings
    assert [str(one) for one in findings if one.severity is not Severity.INFO] == []


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
