"""The modules every object of the gateway shares, and the file around them (PS3.3 A.17, PS3.10)."""

from io import BytesIO
from typing import Final

from pydicom import Dataset, dcmwrite
from pydicom.config import IGNORE, RAISE
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import validate_value

from gateway.dicom.elements import clipped, date, time
from gateway.domain.identifiers import derived_uid
from gateway.domain.plan import TreatmentPlan

IMPLEMENTATION_CLASS_UID: Final = derived_uid("linac-gateway", "implementation class")
IMPLEMENTATION_VERSION_NAME: Final = "LINAC_GATEWAY_01"
MANUFACTURER: Final = "linac-gateway"

_ALWAYS_PRESENT = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
"""Type 2 attributes of the Patient and General Study modules."""

PATIENT_SEXES = ("M", "F", "O", "")
_FORMATTED = ("AS", "CS", "DA", "DS", "IS", "TM")


def new_object(plan: TreatmentPlan, sop_class: str, instance_uid: str, written_ns: int) -> Dataset:
    """A dataset with the SOP Common, Patient and General Study modules filled in."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = instance_uid
    dataset.InstanceCreationDate = date(written_ns)
    dataset.InstanceCreationTime = time(written_ns)
    dataset.TimezoneOffsetFromUTC = "+0000"
    identity = dict.fromkeys(_ALWAYS_PRESENT, "") | dict(plan.patient.attributes)
    for keyword, text in identity.items():
        if tag_for_keyword(keyword) is not None:
            copy_text(dataset, keyword, text)
    copy_text(dataset, "StudyInstanceUID", plan.study_instance_uid)
    return dataset


def copy_text(dataset: Dataset, keyword: str, text: str) -> None:
    """Write what another object states, as it states it: an object must name its patient alike.

    Terms, dates and times that break their rules are left empty: nobody could read them.
    """
    vr = dictionary_VR(keyword)
    known = keyword != "PatientSex" or text in PATIENT_SEXES
    readable = vr not in _FORMATTED or _is_valid(vr, text)
    stated = text if known and readable else ""
    dataset.add(DataElement(keyword, vr, stated, validation_mode=IGNORE))


def _is_valid(vr: str, text: str) -> bool:
    try:
        validate_value(vr, text, RAISE)
    except ValueError:
        return False
    return True


def add_series(
    dataset: Dataset, modality: str, series_uid: str, number: int, description: str
) -> None:
    """The RT Series module, without Operators' Name."""
    dataset.Modality = modality
    dataset.SeriesInstanceUID = series_uid
    dataset.SeriesNumber = number
    dataset.SeriesDescription = clipped(description, 64)


def add_operators(dataset: Dataset, operators: tuple[str, ...]) -> None:
    """Operators' Name (type 2)."""
    dataset.OperatorsName = [clipped(name, 64) for name in operators] if operators else None


def add_equipment(
    dataset: Dataset, manufacturer: str, model_name: str, serial_number: str, *software: str
) -> None:
    """The General Equipment module of the device an object comes from."""
    dataset.Manufacturer = clipped(manufacturer, 64)
    dataset.ManufacturerModelName = clipped(model_name, 64)
    dataset.DeviceSerialNumber = clipped(serial_number, 64)
    dataset.SoftwareVersions = [clipped(text, 64) for text in software if text]


def add_frame_of_reference(dataset: Dataset, plan: TreatmentPlan) -> None:
    """The Frame of Reference module; nothing where the plan has no frame of reference."""
    if plan.frame_of_reference_uid:
        copy_text(dataset, "FrameOfReferenceUID", plan.frame_of_reference_uid)
        dataset.PositionReferenceIndicator = ""


def sop_reference(sop_class: str, instance_uid: str) -> Dataset:
    """An item that refers to one SOP Instance."""
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    copy_text(item, "ReferencedSOPInstanceUID", instance_uid)
    return item


def file_bytes(dataset: Dataset) -> bytes:
    """The DICOM file of ``dataset``: Explicit VR Little Endian, the same bytes every time."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    buffer = BytesIO()
    file = FileDataset(buffer, dataset, file_meta=meta, preamble=b"\0" * 128)
    dcmwrite(buffer, file, enforce_file_format=True)
    return buffer.getvalue()
