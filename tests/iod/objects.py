"""Clean objects to break, one of each kind that is written, and some that are only read."""

from collections.abc import Callable
from functools import cache, partial

from gateway.dicom.plan_writer import write_plan
from gateway.dicom.rt_image_writer import integrated_image
from gateway.dicom.sop_classes import CT_IMAGE, RT_DOSE, RT_PLAN, RT_STRUCTURE_SET, STORAGE
from gateway.dicom.treatment_record_writer import treatment_record
from gateway.dicom.uids import uid_source
from gateway.planning.generate import generate
from tests.dicom_write.builders import PANEL, context, frame, recorded
from tests.generate.machines import M120
from tests.iod.brachy import brachy_instruction, brachy_plan, brachy_record
from tests.iod.instructions import delivery_instruction, summary
from tests.iod.ion import ion_plan, ion_record
from tests.iod.minimal import minimal
from tests.iod.parts import common, encoded, item, opened, pixels, reference

WRITTEN_NS = 1_780_000_000_000_000_000


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
    made = common(RT_STRUCTURE_SET, "RTSTRUCT")
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
    made = common(RT_DOSE, "RTDOSE")
    made.OperatorsName = None
    pixels(made, 4, 5, 3)
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
    made.ReferencedRTPlanSequence = [reference(RT_PLAN, "1.2.5")]
    made.ReferencedStructureSetSequence = [reference(RT_STRUCTURE_SET, "1.2.6")]
    made.DVHSequence = [
        item(
            DVHType="CUMULATIVE",
            DoseUnits="GY",
            DoseType="PHYSICAL",
            DVHDoseScaling="1",
            DVHVolumeUnits="PERCENT",
            DVHNumberOfBins=2,
            DVHData=["1", "100", "1", "50"],
            DVHMinimumDose="0.5",
            DVHMeanDose="1",
            DVHMaximumDose="1.5",
            DVHReferencedROISequence=[
                item(ReferencedROINumber=1, DVHROIContributionType="INCLUDED")
            ],
        )
    ]
    return encoded(made)


@cache
def ct() -> bytes:
    """One CT Image."""
    made = common(CT_IMAGE, "CT")
    pixels(made, 4, 4, 1)
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


WITH_MEANING: dict[str, Callable[[], bytes]] = {
    "plan": plan,
    "image": image,
    "record": record,
    "structures": structures,
    "dose": dose,
    "ct": ct,
    "ion plan": cache(ion_plan),
    "ion record": cache(ion_record),
    "brachy plan": cache(brachy_plan),
    "brachy record": cache(brachy_record),
    "brachy instruction": cache(brachy_instruction),
    "delivery instruction": cache(delivery_instruction),
    "summary": cache(summary),
}
"""Objects of the first generation, by hand."""
FIRST_GENERATION = 12
"""How many rows of the table of SOP classes they are."""
OBJECTS = WITH_MEANING | {
    row.name: cache(partial(minimal, row.uid, row.modality, with_pixels=row.pixels))
    for row in STORAGE[FIRST_GENERATION:]
}
"""One of each kind that is stored."""

__all__ = ["OBJECTS", "WITH_MEANING", "encoded", "item", "opened"]
