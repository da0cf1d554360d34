"""A brachytherapy plan of one channel, the record of its delivery, and its instruction."""

from pydicom import Dataset

from gateway.dicom.sop_classes import (
    RT_BRACHY_APPLICATION_SETUP,
    RT_BRACHY_TREATMENT_RECORD,
    RT_PLAN,
)
from tests.iod.parts import common, encoded, item, machine, plan_head, record_head, reference

DWELLS = 3
"""Each of them has two control points."""


def brachy_plan() -> bytes:
    """An RT Plan of high dose rate brachytherapy."""
    made = common(RT_PLAN, "RTPLAN")
    plan_head(made)
    made.BrachyTreatmentTechnique, made.BrachyTreatmentType = "INTRACAVITARY", "HDR"
    made.TreatmentMachineSequence = [machine()]
    made.FractionGroupSequence = [
        item(
            FractionGroupNumber=1,
            NumberOfFractionsPlanned=1,
            NumberOfBeams=0,
            NumberOfBrachyApplicationSetups=1,
            ReferencedBrachyApplicationSetupSequence=[
                item(ReferencedBrachyApplicationSetupNumber=1)
            ],
        )
    ]
    made.SourceSequence = [_source()]
    made.ApplicationSetupSequence = [
        item(
            ApplicationSetupNumber=1,
            ApplicationSetupType="FLETCHER_SUIT",
            TotalReferenceAirKerma="666.67",
            ChannelSequence=[_channel()],
        )
    ]
    return encoded(made)


def brachy_record() -> bytes:
    """An RT Brachy Treatment Record of that plan."""
    made = common(RT_BRACHY_TREATMENT_RECORD, "RTRECORD")
    record_head(made)
    made.BrachyTreatmentTechnique, made.BrachyTreatmentType = "INTRACAVITARY", "HDR"
    source = _source()
    source.SourceSerialNumber, source.SourceManufacturer = "1", "test"
    made.RecordedSourceSequence = [source]
    channel = item(
        ChannelNumber=1,
        ChannelLength="1000",
        SpecifiedChannelTotalTime="60",
        DeliveredChannelTotalTime="60",
        SourceMovementType="STEPWISE",
        TransferTubeNumber=None,
        ReferencedSourceNumber=1,
        NumberOfControlPoints=2 * DWELLS,
        SafePositionExitDate="20260101",
        SafePositionExitTime="101500",
        SafePositionReturnDate="20260101",
        SafePositionReturnTime="101600",
        BrachyControlPointDeliveredSequence=[
            item(
                TreatmentControlPointDate="20260101",
                TreatmentControlPointTime=f"1015{10 * index:02d}",
                ControlPointRelativePosition=str(5 * (index // 2)),
                ReferencedControlPointIndex=index,
            )
            for index in range(2 * DWELLS)
        ],
    )
    made.TreatmentSessionApplicationSetupSequence = [
        item(
            CurrentFractionNumber=1,
            TreatmentDeliveryType="TREATMENT",
            TreatmentTerminationStatus="NORMAL",
            TreatmentVerificationStatus="VERIFIED",
            ApplicationSetupType="FLETCHER_SUIT",
            ReferencedBrachyApplicationSetupNumber=1,
            TotalReferenceAirKerma="100",
            RecordedChannelSequence=[channel],
        )
    ]
    return encoded(made)


def brachy_instruction() -> bytes:
    """An RT Brachy Application Setup Delivery Instruction."""
    made = common(RT_BRACHY_APPLICATION_SETUP, "PLAN")
    made.ManufacturerModelName, made.DeviceSerialNumber, made.SoftwareVersions = "M1", "1", "1"
    made.CurrentFractionNumber = 1
    made.ReferencedFractionGroupNumber = 1
    series = item(ReferencedSOPSequence=[reference(RT_PLAN, "1.2.5")], SeriesInstanceUID="1.2.6")
    made.ReferencedRTPlanSequence = [
        item(ReferencedSeriesSequence=[series], StudyInstanceUID="1.2.1")
    ]
    made.ReferencedSeriesSequence = [
        item(ReferencedInstanceSequence=[reference(RT_PLAN, "1.2.5")], SeriesInstanceUID="1.2.6")
    ]
    made.BrachyTaskSequence = [
        item(TreatmentDeliveryType="TREATMENT", ReferencedBrachyApplicationSetupNumber=1)
    ]
    return encoded(made)


def _source() -> Dataset:
    return item(
        SourceNumber=1,
        SourceType="POINT",
        SourceIsotopeName="Ir-192",
        SourceIsotopeHalfLife="73.83",
        ReferenceAirKermaRate="40000",
        SourceStrengthReferenceDate="20260101",
        SourceStrengthReferenceTime="000000",
    )


def _channel() -> Dataset:
    points = 2 * DWELLS
    return item(
        ChannelNumber=1,
        ChannelLength="1000",
        ChannelTotalTime="60",
        SourceMovementType="STEPWISE",
        SourceApplicatorNumber=1,
        SourceApplicatorID="A1",
        SourceApplicatorType="RIGID",
        SourceApplicatorLength="300",
        SourceApplicatorStepSize="5",
        ReferencedROINumber=None,
        TransferTubeNumber=None,
        ReferencedSourceNumber=1,
        NumberOfControlPoints=points,
        FinalCumulativeTimeWeight="60",
        BrachyControlPointSequence=[
            item(
                ControlPointIndex=index,
                ControlPointRelativePosition=str(5 * (index // 2)),
                CumulativeTimeWeight=str(20 * ((index + 1) // 2)),
            )
            for index in range(points)
        ],
    )
