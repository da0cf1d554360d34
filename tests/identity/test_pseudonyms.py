"""What leaves under a pseudonym says nothing of who it was, and still holds together."""

from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.datadict import DicomDictionary
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from gateway.dicom.pseudonyms import pseudonymise
from gateway.domain.errors import InputError
from gateway.planning.generate import generate
from tests.dicom_write.builders import context, named, recorded
from tests.dicom_write.validation import dciodvfy_errors
from tests.generate.machines import M120

SECRET = b"s" * 32
CANARY = "Canaryname"
PEOPLE_GROUPS = (0x0008, 0x0010, 0x0032, 0x0038, 0x0040)


def record() -> bytes:
    from gateway.dicom.treatment_record_writer import treatment_record

    plan = named(generate("open-field", M120, seed=1), PatientName="Phantom^EPID", PatientID="P7")
    return treatment_record(context(plan), [recorded(beam) for beam in plan.beams.values()])


def test_the_same_person_has_the_same_pseudonym_and_references_resolve() -> None:
    content = record()
    before, after = dcmread(BytesIO(content)), dcmread(BytesIO(pseudonymise(content, SECRET)))
    again = dcmread(BytesIO(pseudonymise(content, SECRET)))
    other = dcmread(BytesIO(pseudonymise(content, b"t" * 32)))
    assert after == again
    assert after.PatientID != before.PatientID
    assert other.PatientID != after.PatientID
    assert after.SOPClassUID == before.SOPClassUID
    assert after.SOPInstanceUID != before.SOPInstanceUID
    plan = Dataset()
    plan.update({"SOPInstanceUID": before.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID})
    plan_after = dcmread(BytesIO(pseudonymise(file_of(plan), SECRET)))
    reference = after.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID
    assert reference == plan_after.SOPInstanceUID
    assert after.PatientIdentityRemoved == "YES"
    beams = after.TreatmentSessionBeamSequence
    assert [float(point.DeliveredMeterset) for point in beams[0].ControlPointDeliverySequence]


@pytest.mark.peer
def test_it_still_passes_dciodvfy(tmp_path: Path) -> None:
    assert dciodvfy_errors(pseudonymise(record(), SECRET), tmp_path) == []


def test_no_canary_is_left() -> None:
    """Every attribute about people that holds text is filled, at two depths and privately."""
    dataset = Dataset()
    item = Dataset()
    for tag, (vr, _vm, _name, _retired, keyword) in DicomDictionary.items():
        if tag >> 16 in PEOPLE_GROUPS and vr in {"PN", "LT", "ST", "UT", "UC"} and keyword:
            setattr(dataset, keyword, CANARY)
            setattr(item, keyword, CANARY)
    for keyword in (
        "PatientID",
        "OtherPatientIDs",
        "InstitutionName",
        "StudyDescription",
        "PatientComments",
        "IssuerOfPatientID",
        "AccessionNumber",
        "StudyID",
    ):
        setattr(dataset, keyword, CANARY)
        setattr(item, keyword, CANARY)
    dataset.private_block(0x0011, "MAKER", create=True).add_new(0x01, "LO", CANARY)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.5"
    dataset.SOPInstanceUID = "1.2.3"
    dataset.BeamSequence = [item]
    content = file_of(dataset)
    assert content.count(CANARY.encode()) > 100
    assert CANARY.encode() not in pseudonymise(content, SECRET)


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(InputError):
        pseudonymise(b"\0" * 200, SECRET)


def file_of(dataset: Dataset) -> bytes:
    dataset.SOPClassUID = dataset.get("SOPClassUID") or "1.2.840.10008.5.1.4.1.1.481.5"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()
