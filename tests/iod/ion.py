"""A proton plan of two layers of spots, and the record of its delivery."""

import numpy as np
from pydicom import Dataset

from gateway.dicom.sop_classes import RT_ION_BEAMS_TREATMENT_RECORD, RT_ION_PLAN
from tests.iod.parts import common, encoded, item, plan_head, record_head

SPOTS = (3, 2)
"""By layer."""
POINTS = 2 * len(SPOTS)


def ion_plan() -> bytes:
    """An RT Ion Plan with one scanned beam and one that is scattered."""
    made = common(RT_ION_PLAN, "RTPLAN")
    plan_head(made)
    made.FractionGroupSequence = [
        item(
            FractionGroupNumber=1,
            NumberOfFractionsPlanned=1,
            NumberOfBeams=2,
            NumberOfBrachyApplicationSetups=0,
            ReferencedBeamSequence=[
                item(ReferencedBeamNumber=number, BeamMeterset="100") for number in (1, 2)
            ],
        )
    ]
    made.IonToleranceTableSequence = [item(ToleranceTableNumber=1)]
    made.PatientSetupSequence = [item(PatientSetupNumber=1, PatientPosition="HFS")]
    made.IonBeamSequence = [_scanned(), _scattered()]
    return encoded(made)


def ion_record() -> bytes:
    """An RT Ion Beams Treatment Record of the scanned beam."""
    made = common(RT_ION_BEAMS_TREATMENT_RECORD, "RTRECORD")
    record_head(made)
    made.PrimaryDosimeterUnit = "MU"
    made.PatientSetupSequence = [item(PatientSetupNumber=1, PatientPosition="HFS")]
    beam = item(
        CurrentFractionNumber=1,
        TreatmentDeliveryType="TREATMENT",
        TreatmentTerminationStatus="NORMAL",
        TreatmentVerificationStatus="VERIFIED",
        SpecifiedPrimaryMeterset="100",
        DeliveredPrimaryMeterset="100",
        ReferencedBeamNumber=1,
        ReferencedPatientSetupNumber=1,
    )
    _head(beam, POINTS)
    beam.ScanMode, beam.BeamType = "MODULATED", "STATIC"
    del beam.FinalCumulativeMetersetWeight, beam.VirtualSourceAxisDistances
    del beam.TreatmentMachineName, beam.PrimaryDosimeterUnit
    beam.IonControlPointDeliverySequence = []
    for index in range(POINTS):
        meterset = str(_WEIGHTS[index])
        point = item(
            ReferencedControlPointIndex=index,
            TreatmentControlPointDate="20260101",
            TreatmentControlPointTime=f"10150{index}",
            SpecifiedMeterset=meterset,
            DeliveredMeterset=meterset,
        )
        if index == 0:
            _standing(point)
        _spots(point, index)
        del point.ScanSpotMetersetWeights, point.ScanningSpotSize
        point.ScanSpotMetersetsDelivered = [
            0.0 if index % 2 else 20.0
        ] * point.NumberOfScanSpotPositions
        beam.IonControlPointDeliverySequence.append(point)
    made.TreatmentSessionIonBeamSequence = [beam]
    return encoded(made)


_WEIGHTS = (0, 60, 60, 100)


def _scanned() -> Dataset:
    beam = item(BeamNumber=1, BeamName="scanned", ScanMode="MODULATED", BeamType="STATIC")
    _head(beam, POINTS)
    beam.IonControlPointSequence = []
    for index, weight in enumerate(_WEIGHTS):
        point = item(ControlPointIndex=index, CumulativeMetersetWeight=str(weight))
        if index == 0:
            _standing(point)
            point.IsocenterPosition = ["0", "0", "0"]
        _spots(point, index)
        beam.IonControlPointSequence.append(point)
    return beam


def _scattered() -> Dataset:
    beam = item(BeamNumber=2, BeamName="scattered", ScanMode="NONE", BeamType="STATIC")
    _head(beam, 2)
    beam.NumberOfRangeShifters = beam.NumberOfRangeModulators = beam.NumberOfBlocks = 1
    beam.NumberOfLateralSpreadingDevices = 1
    beam.RangeShifterSequence = [
        item(RangeShifterNumber=1, RangeShifterID="RS1", RangeShifterType="BINARY")
    ]
    beam.RangeModulatorSequence = [
        item(RangeModulatorNumber=1, RangeModulatorID="RM1", RangeModulatorType="FIXED")
    ]
    beam.LateralSpreadingDeviceSequence = [
        item(
            LateralSpreadingDeviceNumber=1,
            LateralSpreadingDeviceID="S1",
            LateralSpreadingDeviceType="SCATTERER",
        )
    ]
    beam.IonBlockSequence = [
        item(
            BlockNumber=1,
            BlockType="APERTURE",
            BlockDivergence="ABSENT",
            BlockMountingPosition="PATIENT_SIDE",
            BlockThickness="80",
            MaterialID="BRASS",
            IsocenterToBlockTrayDistance=300.0,
            BlockNumberOfPoints=4,
            BlockData=["-20", "-20", "20", "-20", "20", "20", "-20", "20"],
        )
    ]
    first = item(ControlPointIndex=0, CumulativeMetersetWeight="0")
    _standing(first)
    first.NominalBeamEnergy = "150"
    first.IsocenterPosition = ["0", "0", "0"]
    first.RangeShifterSettingsSequence = [
        item(ReferencedRangeShifterNumber=1, RangeShifterSetting="IN")
    ]
    first.RangeModulatorSettingsSequence = [item(ReferencedRangeModulatorNumber=1)]
    first.LateralSpreadingDeviceSettingsSequence = [
        item(ReferencedLateralSpreadingDeviceNumber=1, LateralSpreadingDeviceSetting="IN")
    ]
    last = item(ControlPointIndex=1, CumulativeMetersetWeight="100")
    beam.IonControlPointSequence = [first, last]
    return beam


def _head(beam: Dataset, points: int) -> None:
    beam.BeamName = beam.get("BeamName", "scanned")
    beam.TreatmentMachineName = "PROTONS"
    beam.PrimaryDosimeterUnit = "MU"
    beam.RadiationType = "PROTON"
    beam.TreatmentDeliveryType = "TREATMENT"
    for what in ("Wedges", "Compensators", "Boli", "Blocks", "RangeShifters", "RangeModulators"):
        setattr(beam, f"NumberOf{what}", 0)
    beam.NumberOfLateralSpreadingDevices = 0
    beam.NumberOfControlPoints = points
    beam.FinalCumulativeMetersetWeight = "100"
    beam.PatientSupportType = "TABLE"
    beam.VirtualSourceAxisDistances = [2000.0, 2500.0]
    beam.ReferencedPatientSetupNumber = 1
    if "ReferencedBeamNumber" not in beam:
        beam.ReferencedToleranceTableNumber = 1


def _standing(point: Dataset) -> None:
    """What the first control point has to state."""
    for axis in ("Gantry", "BeamLimitingDevice", "PatientSupport"):
        setattr(point, f"{axis}Angle", "0")
        setattr(point, f"{axis}RotationDirection", "NONE")
    for axis in ("TableTopPitch", "TableTopRoll", "GantryPitch"):
        setattr(point, f"{axis}Angle", 0.0)
        setattr(point, f"{axis}RotationDirection", "NONE")
    for way in ("Vertical", "Longitudinal", "Lateral"):
        setattr(point, f"TableTop{way}Position", "0")
    point.SnoutPosition = 300.0


def _spots(point: Dataset, index: int) -> None:
    """Spots of a layer; the second control point of a pair says where they end, without weight."""
    layer, ends = divmod(index, 2)
    count = SPOTS[layer]
    if not ends:
        point.NominalBeamEnergy = str(150 - 5 * layer)
    point.ScanSpotTuneID = "4.0"
    point.NumberOfScanSpotPositions = count
    point.ScanSpotPositionMap = list(np.linspace(-10.0, 10.0, 2 * count))
    point.ScanSpotMetersetWeights = [0.0 if ends else 20.0] * count
    point.ScanningSpotSize = [8.0, 8.0]
    point.NumberOfPaintings = 1
