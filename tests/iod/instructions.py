"""A delivery instruction and a summary."""

from gateway.dicom.sop_classes import (
    RT_BEAMS_DELIVERY_INSTRUCTION,
    RT_PLAN,
    RT_TREATMENT_SUMMARY_RECORD,
)
from tests.iod.parts import common, encoded, item, reference

ADJUSTED = (
    "TableTopVerticalAdjustedPosition",
    "TableTopLongitudinalAdjustedPosition",
    "TableTopLateralAdjustedPosition",
    "PatientSupportAdjustedAngle",
    "TableTopEccentricAdjustedAngle",
    "TableTopPitchAdjustedAngle",
    "TableTopRollAdjustedAngle",
)


def delivery_instruction() -> bytes:
    """An RT Beams Delivery Instruction of two beams, the second one continued."""
    made = common(RT_BEAMS_DELIVERY_INSTRUCTION, "PLAN")
    made.ReferencedRTPlanSequence = [reference(RT_PLAN, "1.2.5")]
    made.BeamTaskSequence = [
        item(
            BeamTaskType="TREAT",
            BeamOrderIndex=order,
            CurrentFractionNumber=1,
            TreatmentDeliveryType=kind,
            ReferencedBeamNumber=order,
            ReferencedFractionGroupNumber=1,
            TableTopVerticalSetupDisplacement="0",
            TableTopLongitudinalSetupDisplacement="0",
            TableTopLateralSetupDisplacement="0",
            **dict.fromkeys(ADJUSTED),
        )
        for order, kind in ((1, "TREATMENT"), (2, "CONTINUATION"))
    ]
    continued = made.BeamTaskSequence[1]
    continued.ContinuationStartMeterset, continued.ContinuationEndMeterset = 40.0, 100.0
    continued.PrimaryDosimeterUnit = "MU"
    made.ReferencedSeriesSequence = [
        item(ReferencedInstanceSequence=[reference(RT_PLAN, "1.2.5")], SeriesInstanceUID="1.2.6")
    ]
    return encoded(made)


def summary() -> bytes:
    """An RT Treatment Summary Record after one of two fractions."""
    made = common(RT_TREATMENT_SUMMARY_RECORD, "RTRECORD")
    made.OperatorsName = None
    made.TreatmentDate, made.TreatmentTime = "20260101", "101500"
    made.ReferencedRTPlanSequence = [reference(RT_PLAN, "1.2.5")]
    made.CurrentTreatmentStatus = "ON_TREATMENT"
    made.FirstTreatmentDate = made.MostRecentTreatmentDate = "20260101"
    made.FractionGroupSummarySequence = [
        item(
            ReferencedFractionGroupNumber=1,
            NumberOfFractionsPlanned=2,
            NumberOfFractionsDelivered=1,
            FractionGroupType="EXTERNAL_BEAM",
            FractionStatusSummarySequence=[
                item(
                    ReferencedFractionNumber=1,
                    TreatmentDate="20260101",
                    TreatmentTime="101500",
                    TreatmentTerminationStatus="NORMAL",
                )
            ],
        )
    ]
    return encoded(made)
