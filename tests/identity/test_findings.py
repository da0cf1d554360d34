"""What is wrong with an object is told, logged and answered without who it is of."""

import pytest
from pydicom.dataelem import DataElement

from gateway.dicom.iod.validation import validate
from tests.iod.objects import OBJECTS, encoded, opened

CANARY = "Canary"


@pytest.mark.parametrize(
    ("keyword", "vr"),
    [
        ("PatientName", "PN"),
        ("PatientID", "LO"),
        ("PatientSex", "CS"),
        ("PatientBirthDate", "DA"),
        ("ReferringPhysicianName", "PN"),
        ("OperatorsName", "PN"),
        ("AccessionNumber", "SH"),
        ("StudyDescription", "LO"),
    ],
)
def test_a_broken_value_that_says_who_is_not_shown(keyword: str, vr: str) -> None:
    dataset = opened(OBJECTS["record"]())
    dataset[keyword] = DataElement(keyword, vr, CANARY * 20, validation_mode=0)
    found = [one for one in validate(encoded(dataset)).findings if one.path == keyword]
    assert found
    assert not any(CANARY in str(one) for one in found)


def test_others_are_shown() -> None:
    dataset = opened(OBJECTS["plan"]())
    dataset["RTPlanGeometry"] = DataElement("RTPlanGeometry", "CS", CANARY, validation_mode=0)
    assert CANARY in " ".join(map(str, validate(encoded(dataset)).findings))
