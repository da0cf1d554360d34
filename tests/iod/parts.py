"""What objects to break have in common."""

from io import BytesIO

import numpy as np
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from gateway.dicom.sop_classes import RT_PLAN


def item(**attributes: object) -> Dataset:
    """A data set with these attributes."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def opened(content: bytes) -> Dataset:
    """The object, to be changed."""
    return dcmread(BytesIO(content))


def encoded(dataset: Dataset) -> bytes:
    """The object as a file, whatever is wrong with it."""
    if not hasattr(dataset, "file_meta"):
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def common(sop_class: str, modality: str) -> Dataset:
    """Patient, study, series and equipment."""
    return item(
        SpecificCharacterSet="ISO_IR 192",
        SOPClassUID=sop_class,
        SOPInstanceUID="1.2.3",
        PatientName="Phantom^EPID",
        PatientID="P1",
        PatientBirthDate="",
        PatientSex="O",
        StudyInstanceUID="1.2.1",
        StudyDate="20260101",
        StudyTime="101500",
        ReferringPhysicianName="",
        StudyID="1",
        AccessionNumber="",
        Modality=modality,
        SeriesInstanceUID="1.2.2",
        SeriesNumber=1,
        Manufacturer="test",
        InstanceNumber=1,
    )


def pixels(made: Dataset, rows: int, columns: int, frames: int) -> None:
    """An image of nothing."""
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.Rows, made.Columns, made.NumberOfFrames = rows, columns, frames
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit = 15
    made.PixelRepresentation = 0
    made.PixelData = np.zeros((frames, rows, columns), np.uint16).tobytes()
    made["PixelData"].VR = "OW"


def plan_head(made: Dataset) -> None:
    """What plans of any kind begin with."""
    made.OperatorsName = None
    made.FrameOfReferenceUID = "1.2.9"
    made.PositionReferenceIndicator = ""
    made.RTPlanLabel = "P"
    made.RTPlanDate, made.RTPlanTime = "20260101", "101500"
    made.RTPlanGeometry = "TREATMENT_DEVICE"


def record_head(made: Dataset) -> None:
    """What treatment records of any kind begin with."""
    made.OperatorsName = None
    made.TreatmentDate, made.TreatmentTime = "20260101", "101500"
    made.ReferencedRTPlanSequence = [reference(RT_PLAN, "1.2.5")]
    made.TreatmentMachineSequence = [machine()]
    made.NumberOfFractionsPlanned = 1


def machine() -> Dataset:
    """A treatment machine."""
    return item(
        TreatmentMachineName="M",
        Manufacturer="test",
        InstitutionName="",
        ManufacturerModelName="M1",
        DeviceSerialNumber="1",
    )


def reference(sop_class: str, instance: str) -> Dataset:
    """A reference to an instance."""
    return item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=instance)
