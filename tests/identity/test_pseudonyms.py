"""What leaves under a pseudonym says nothing of who it was, and still holds together."""

from io import BytesIO
from pathlib import Path

import pytest
from pydicom import DataElement, Dataset, dcmread, dcmwrite
from pydicom.config import IGNORE
from pydicom.datadict import DicomDictionary, dictionary_VR
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from gateway.dicom.confidentiality import actions
from gateway.dicom.iod.validation import validate
from gateway.dicom.pseudonyms import pseudonymise
from gateway.domain.errors import InputError
from gateway.domain.findings import has_errors
from gateway.planning.generate import generate
from tests.dicom_write.builders import context, named, recorded
from tests.dicom_write.validation import dciodvfy_errors
from tests.generate.machines import M120
from tests.iod.objects import image

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


def verdict() -> bytes:
    from gateway.dicom.verdict_writer import VerdictText, verdict_document

    plan = named(
        generate("open-field", M120, seed=1),
        PatientName="Phantom^Canary=王^小东",
        PatientID="P7",
        SeriesInstanceUID="1.2.3.4",
    )
    text = VerdictText("PASS: complete.", ("Beam 1 phantom canary 王小东 P7 field: 100 of 100 MU",))
    return verdict_document(context(plan), text)


OBJECTS = {"record": record, "image": image, "verdict": verdict}


@pytest.mark.peer
@pytest.mark.parametrize("kind", OBJECTS)
def test_it_still_passes_dciodvfy(kind: str, tmp_path: Path) -> None:
    assert dciodvfy_errors(pseudonymise(OBJECTS[kind](), SECRET), tmp_path) == []


@pytest.mark.parametrize("kind", ["record", "image"])
def test_it_still_is_valid(kind: str) -> None:
    assert not has_errors(validate(pseudonymise(OBJECTS[kind](), SECRET)).findings)


def test_a_verdict_still_says_what_it_says_and_not_of_whom() -> None:
    after = dcmread(BytesIO(pseudonymise(verdict(), SECRET)))
    sentences = [item.TextValue for item in after.ContentSequence]
    assert sentences == ["PASS: complete.", "Beam 1 - - -- - field: 100 of 100 MU"]
    method = {item.CodeValue for item in after.DeidentificationMethodCodeSequence}
    assert "113104" in method


def test_nothing_is_left_of_what_the_profile_names() -> None:
    """Every attribute of PS3.15 table E.1-1 that no option retains, at two depths."""
    dataset, item = Dataset(), Dataset()
    for tag in (one for one in actions() if one >= FIRST_OF_DATA_SET):
        vr = dictionary_VR(tag).split(" or ")[0]
        for holder in (dataset, item):
            if vr in TEXTS:
                holder.add(DataElement(tag, vr, CANARY, validation_mode=IGNORE))
            elif vr in {"OB", "OW", "UN"}:
                holder.add_new(tag, vr, CANARY.encode())
            elif vr == "UI":
                holder.add_new(tag, vr, CANARY_UID)
    dataset.add_new(0x60003000, "OW", CANARY.encode())
    dataset.add_new(0x60004000, "LT", CANARY)
    dataset.RTPlanLabel = item.RTPlanLabel = CANARY
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.5"
    dataset.SOPInstanceUID = CANARY_UID
    dataset.BeamSequence = [item]
    content = file_of(dataset)
    assert content.count(CANARY.encode()) > 200
    left = pseudonymise(content, SECRET)
    assert CANARY.encode() not in left
    assert CANARY_UID.encode() not in left
    after = dcmread(BytesIO(left))
    assert after.RTPlanLabel == after.BeamSequence[0].RTPlanLabel
    assert after.RTPlanLabel


TEXTS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
FIRST_OF_DATA_SET = 0x00080000
CANARY_UID = "1.2.3.77777777777"


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
