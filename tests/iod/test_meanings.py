"""What tables do not have: counts, orders, references, geometry, each broken once."""

import pytest
from pydicom.sequence import Sequence

from gateway.dicom.iod.validation import validate
from gateway.domain.findings import Finding
from tests.iod.changes import Break, both, named, with_value, without
from tests.iod.objects import OBJECTS, encoded, item, opened

BEAM = "TreatmentSessionBeamSequence"
POINT = "ControlPointDeliverySequence"
DEVICE = "BeamLimitingDevicePositionSequence"
ION, IPOINT, SPOTS = "IonBeamSequence", "IonControlPointSequence", "ScanSpotMetersetWeights"
IONS, IDELIVERED = "TreatmentSessionIonBeamSequence", "IonControlPointDeliverySequence"
SETUP, CHANNEL = "ApplicationSetupSequence", "ChannelSequence"
BPOINT = "BrachyControlPointSequence"
SETUPS, CHANNELS = "TreatmentSessionApplicationSetupSequence", "RecordedChannelSequence"
DVH, REGION, CONTOUR = "DVHSequence", "ROIContourSequence", "ContourSequence"
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
    ("ion plan", "spots", with_value([20.0] * 2 + [-1.0], ION, IPOINT, SPOTS), SPOTS),
    ("ion plan", "spots", with_value([20.0, 20.0, 30.0], ION, IPOINT, SPOTS), SPOTS),
    ("ion plan", "item-count", with_value([20.0] * 2, ION, IPOINT, SPOTS), SPOTS),
    (
        "ion plan",
        "item-count",
        with_value([1.0] * 5, ION, IPOINT, "ScanSpotPositionMap"),
        "ScanSpotPositionMap",
    ),
    ("ion plan", "spots", with_value(0, ION, IPOINT, "NumberOfPaintings"), "NumberOfPaintings"),
    (
        "ion plan",
        "meterset-weight",
        with_value("99", ION, "FinalCumulativeMetersetWeight"),
        "FinalCumulativeMetersetWeight",
    ),
    (
        "ion plan",
        "control-point-0-incomplete",
        without(ION, IPOINT, "NominalBeamEnergy"),
        "NominalBeamEnergy",
    ),
    (
        "ion plan",
        "control-point-0-incomplete",
        without(ION, IPOINT, "SnoutPosition"),
        "SnoutPosition",
    ),
    (
        "ion plan",
        "item-count",
        with_value(1, ION, "NumberOfRangeShifters"),
        "NumberOfRangeShifters",
    ),
    (
        "ion plan",
        "geometry",
        with_value([0.0, 2500.0], ION, "VirtualSourceAxisDistances"),
        "VirtualSourceAxisDistances",
    ),
    (
        "ion record",
        "spots",
        with_value([20.0, 20.0, 30.0], IONS, IDELIVERED, "ScanSpotMetersetsDelivered"),
        "ScanSpotMetersetsDelivered",
    ),
    (
        "ion record",
        "meterset-order",
        with_value("80", IONS, IDELIVERED, "DeliveredMeterset"),
        "DeliveredMeterset",
    ),
    (
        "ion record",
        "item-count",
        with_value(5, IONS, "NumberOfControlPoints"),
        "NumberOfControlPoints",
    ),
    (
        "ion record",
        "time-order",
        with_value("235959", IONS, IDELIVERED, "TreatmentControlPointTime"),
        "TreatmentControlPointTime",
    ),
    (
        "record",
        "meterset",
        both(
            with_value("10", BEAM, "SpecifiedPrimaryMeterset"),
            with_value("9", BEAM, "DeliveredPrimaryMeterset"),
        ),
        "DeliveredPrimaryMeterset",
    ),
    (
        "record",
        "control-point-0-incomplete",
        without(BEAM, POINT, DEVICE),
        DEVICE,
    ),
    (
        "brachy plan",
        "meterset-weight",
        with_value("59", SETUP, CHANNEL, "FinalCumulativeTimeWeight"),
        "FinalCumulativeTimeWeight",
    ),
    (
        "brachy plan",
        "meterset-weight",
        with_value("30", SETUP, CHANNEL, BPOINT, "CumulativeTimeWeight"),
        "CumulativeTimeWeight",
    ),
    (
        "brachy plan",
        "type-1c-missing",
        without(SETUP, CHANNEL, "FinalCumulativeTimeWeight"),
        "FinalCumulativeTimeWeight",
    ),
    (
        "brachy plan",
        "unresolved-reference",
        with_value(9, SETUP, CHANNEL, "ReferencedSourceNumber"),
        "ReferencedSourceNumber",
    ),
    ("brachy plan", "air-kerma", with_value("10", SETUP, "TotalReferenceAirKerma"), "AirKerma"),
    ("brachy plan", "time", with_value("-1", SETUP, CHANNEL, "ChannelTotalTime"), "ChannelTotal"),
    (
        "brachy record",
        "item-count",
        with_value(2, SETUPS, CHANNELS, "NumberOfControlPoints"),
        "NumberOfControlPoints",
    ),
    (
        "brachy record",
        "source",
        with_value("-1", "RecordedSourceSequence", "ReferenceAirKermaRate"),
        "ReferenceAirKermaRate",
    ),
    (
        "delivery instruction",
        "beam-order",
        with_value(3, "BeamTaskSequence", "BeamOrderIndex"),
        "BeamOrderIndex",
    ),
    (
        "brachy instruction",
        "meterset-order",
        both(
            with_value(
                Sequence(
                    [
                        item(
                            ReferencedChannelNumber=1,
                            StartCumulativeTimeWeight="9",
                            EndCumulativeTimeWeight="8",
                        )
                    ]
                ),
                "BrachyTaskSequence",
                "ChannelDeliveryContinuationSequence",
            ),
        ),
        "EndCumulativeTimeWeight",
    ),
    ("summary", "time-order", with_value("20270101", "FirstTreatmentDate"), "MostRecent"),
    (
        "summary",
        "fractions",
        with_value(3, "FractionGroupSummarySequence", "NumberOfFractionsDelivered"),
        "NumberOfFractionsDelivered",
    ),
    ("dose", "pixel-sign", with_value(1, "PixelRepresentation"), "PixelRepresentation"),
    ("dose", "scaling", with_value("0", "DoseGridScaling"), "DoseGridScaling"),
    ("dose", "type-1c-missing", without("GridFrameOffsetVector"), "GridFrameOffsetVector"),
    (
        "dose",
        "geometry",
        with_value(["1", "3.5", "6"], "GridFrameOffsetVector"),
        "GridFrameOffsetVector",
    ),
    ("dose", "item-count", with_value(3, DVH, "DVHNumberOfBins"), "DVHData"),
    ("dose", "histogram", with_value(["1", "50", "1", "60"], DVH, "DVHData"), "DVHData"),
    ("dose", "histogram", with_value(["-1", "60", "1", "50"], DVH, "DVHData"), "DVHData"),
    ("dose", "histogram", with_value(["1", "101", "1", "50"], DVH, "DVHData"), "DVHData"),
    ("dose", "histogram", with_value("9", DVH, "DVHMinimumDose"), "DVHMeanDose"),
    (
        "structures",
        "contour",
        with_value(
            ["0", "0", "0", "9", "0", "0", "9", "9", "1", "0", "9", "0"],
            REGION,
            CONTOUR,
            "ContourData",
        ),
        "ContourData",
    ),
    (
        "structures",
        "contour",
        with_value("POINT", REGION, CONTOUR, "ContourGeometricType"),
        "NumberOfContourPoints",
    ),
    (
        "structures",
        "unresolved-reference",
        with_value("1.2.8", "StructureSetROISequence", "ReferencedFrameOfReferenceUID"),
        "ReferencedFrameOfReferenceUID",
    ),
    ("ct", "geometry", with_value(["0", "1"], "PixelSpacing"), "PixelSpacing"),
]


@pytest.mark.parametrize(("kind", "rule", "change", "path"), MEANINGS, ids=named)
def test_what_makes_no_sense_is_found(kind: str, rule: str, change: Break, path: str) -> None:
    dataset = opened(OBJECTS[kind]())
    change(dataset)
    found: tuple[Finding, ...] = validate(encoded(dataset)).findings
    assert [one for one in found if one.rule == rule and path in one.path], list(map(str, found))
