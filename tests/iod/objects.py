"""Clean objects to break, one of each kind that is written, and some that are only read."""

from collections.abc import Callable
from functools import cache
from io import BytesIO

import numpy as np
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from gateway.dicom.plan_writer import write_plan
from gateway.dicom.rt_image_writer import integrated_image
from gateway.dicom.sop_classes import CT_IMAGE, RT_DOSE, RT_STRUCTURE_SET
from gateway.dicom.treatment_record_writer import treatment_record
from gateway.dicom.uids import uid_source
from gateway.planning.generate import generate
from tests.dicom_write.builders import PANEL, context, frame, recorded
from tests.generate.machines import M120

WRITTEN_NS = 1_780_000_000_000_000_000


def item(**attributes: object) -> Dataset:
    """A data set with these attributes."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


@cache
def plan() -> bytes:
    """A generated RT Plan."""
    return write_plan(
        generate("step-and-shoot", M120, seed=1),
        M120,
        uid=uid_source(1, "p"),
        software_version="1",
        written_ns=WRITTEN_NS,
    )


@cache
def image() -> bytes:
    """A portal RT Image."""
    made = generate("open-field", M120, seed=1)
    beam = made.beams[1]
    return integrated_image(context(made, PANEL), recorded(beam), frame(beam), 1)


@cache
def record() -> bytes:
    """An RT Beams Treatment Record."""
    made = generate("step-and-shoot", M120, seed=1)
    return treatment_record(context(made), [recorded(beam) for beam in made.beams.values()])


@cache
def structures() -> bytes:
    """An RT Structure Set of two regions."""
    made = _common(RT_STRUCTURE_SET, "RTSTRUCT")
    made.OperatorsName = None
    made.StructureSetLabel = "S"
    made.StructureSetDate = "20260101"
    made.StructureSetTime = "101500"
    made.FrameOfReferenceUID = "1.2.9"
    made.PositionReferenceIndicator = ""
    made.ReferencedFrameOfReferenceSequence = [item(FrameOfReferenceUID="1.2.9")]
    made.StructureSetROISequence = [
        item(
            ROINumber=number,
            ReferencedFrameOfReferenceUID="1.2.9",
            ROIName=f"R{number}",
            ROIGenerationAlgorithm="MANUAL",
        )
        for number in (1, 2)
    ]
    contour = item(
        ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=3,
        ContourData=["0", "0", "0", "1", "0", "0", "1", "1", "0"],
    )
    made.ROIContourSequence = [
        item(ReferencedROINumber=number, ROIDisplayColor=[1, 2, 3], ContourSequence=[contour])
        for number in (1, 2)
    ]
    made.RTROIObservationsSequence = [
        item(
            ObservationNumber=number,
            ReferencedROINumber=number,
            RTROIInterpretedType="ORGAN",
            ROIInterpreter="",
        )
        for number in (1, 2)
    ]
    return encoded(made)


@cache
def dose() -> bytes:
    """An RT Dose of three planes."""
    made = _common(RT_DOSE, "RTDOSE")
    made.OperatorsName = None
    _image(made, 4, 5, 3)
    made.FrameOfReferenceUID = "1.2.9"
    made.PositionReferenceIndicator = ""
    made.ImagePositionPatient = ["0", "0", "0"]
    made.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    made.PixelSpacing = ["2.5", "2.5"]
    made.SliceThickness = None
    made.FrameIncrementPointer = 0x3004000C
    made.GridFrameOffsetVector = ["0", "2.5", "5"]
    made.DoseUnits = "GY"
    made.DoseType = "PHYSICAL"
    made.DoseSummationType = "PLAN"
    made.DoseGridScaling = "0.001"
    made.ReferencedRTPlanSequence = [
        item(
            ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.481.5",
            ReferencedSOPInstanceUID="1.2.5",
        )
    ]
    return encoded(made)


@cache
def ct() -> bytes:
    """One CT Image."""
    made = _common(CT_IMAGE, "CT")
    _image(made, 4, 4, 1)
    del made.NumberOfFrames
    made.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    made.FrameOfReferenceUID = "1.2.9"
    made.PositionReferenceIndicator = ""
    made.PatientPosition = "HFS"
    made.AcquisitionNumber = None
    made.ImagePositionPatient = ["0", "0", "0"]
    made.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    made.PixelSpacing = ["1", "1"]
    made.SliceThickness = "3"
    made.KVP = "120"
    made.RescaleIntercept = "-1024"
    made.RescaleSlope = "1"
    made.RescaleType = "HU"
    return encoded(made)


OBJECTS: dict[str, Callable[[], bytes]] = {
    "plan": plan,
    "image": image,
    "record": record,
    "structures": structures,
    "dose": dose,
    "ct": ct,
}


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


def _common(sop_class: str, modality: str) -> Dataset:
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


def _image(made: Dataset, rows: int, columns: int, frames: int) -> None:
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.Rows, made.Columns, made.NumberOfFrames = rows, columns, frames
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit = 15
    made.PixelRepresentation = 0
    made.PixelData = np.zeros((frames, rows, columns), np.uint16).tobytes()
    made["PixelData"].VR = "OW"
