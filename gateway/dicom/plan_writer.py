"""RT Plan objects from plans of the domain (PS3.3 A.20)."""

from collections.abc import Callable

from pydicom import Dataset
from pydicom.uid import RTPlanStorage

from gateway.dicom.common_modules import (
    MANUFACTURER,
    add_equipment,
    add_frame_of_reference,
    add_operators,
    add_series,
    copy_text,
    file_bytes,
    new_object,
)
from gateway.dicom.control_point_motion import FLOAT_ANGLES
from gateway.dicom.elements import clipped, ds, term
from gateway.dicom.patient_setup import add_patient_setups
from gateway.dicom.plan_beam import beam_item
from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel
from gateway.domain.plan import FractionGroup, Prescription, ToleranceTable, TreatmentPlan

_TOLERANCES = {
    Axis.GANTRY: "GantryAngleTolerance",
    Axis.COLLIMATOR: "BeamLimitingDeviceAngleTolerance",
    Axis.COUCH_ROTATION: "PatientSupportAngleTolerance",
    Axis.COUCH_PITCH: "TableTopPitchAngleTolerance",
    Axis.COUCH_ROLL: "TableTopRollAngleTolerance",
    Axis.COUCH_VERTICAL: "TableTopVerticalPositionTolerance",
    Axis.COUCH_LONGITUDINAL: "TableTopLongitudinalPositionTolerance",
    Axis.COUCH_LATERAL: "TableTopLateralPositionTolerance",
}


def write_plan(
    plan: TreatmentPlan,
    machine: MachineModel,
    *,
    uid: Callable[[str], str],
    software_version: str,
    written_ns: int,
) -> bytes:
    """The RT Plan file of ``plan`` for ``machine``.

    ``uid("plan-series")`` gives the Series; the plan brings its other UIDs. ``written_ns`` is in
    nanoseconds since the epoch. Raises InputError for a plan with compensators and ValueError
    for numbers that are not finite.
    """
    dataset = new_object(plan, RTPlanStorage, plan.sop_instance_uid, written_ns)
    add_series(dataset, "RTPLAN", uid("plan-series"), 1, plan.label)
    add_operators(dataset, ())
    add_equipment(dataset, MANUFACTURER, "RT Plan generator", "", software_version)
    add_frame_of_reference(dataset, plan)
    dataset.InstanceNumber = 1
    dataset.RTPlanLabel = clipped(plan.label, 16)
    dataset.RTPlanName = clipped(plan.name, 64)
    copy_text(dataset, "RTPlanDate", plan.date)
    dataset.RTPlanTime = ""
    dataset.RTPlanGeometry = "TREATMENT_DEVICE"
    if plan.prescriptions:
        dataset.DoseReferenceSequence = [_dose_reference(item) for item in plan.prescriptions]
    if plan.tolerance_tables:
        tables = plan.tolerance_tables.values()
        dataset.ToleranceTableSequence = [_tolerance_table(table) for table in tables]
    add_patient_setups(dataset, plan)
    dataset.FractionGroupSequence = [_fraction_group(plan.fraction_group)]
    dataset.BeamSequence = [beam_item(beam, machine) for beam in plan.beams.values()]
    dataset.ApprovalStatus = term(plan.approval_status) or "UNAPPROVED"
    if dataset.ApprovalStatus != "UNAPPROVED":
        copy_text(dataset, "ReviewDate", plan.date)
        dataset.ReviewTime = ""
        dataset.ReviewerName = ""
    return file_bytes(dataset)


def _dose_reference(prescription: Prescription) -> Dataset:
    item = Dataset()
    item.DoseReferenceNumber = prescription.number
    item.DoseReferenceStructureType = "SITE"
    item.DoseReferenceDescription = clipped(prescription.description, 64)
    item.DoseReferenceType = term(prescription.type)
    if prescription.target_dose_gy is not None:
        item.TargetPrescriptionDose = ds(prescription.target_dose_gy)
    return item


def _tolerance_table(table: ToleranceTable) -> Dataset:
    item = Dataset()
    item.ToleranceTableNumber = table.number
    item.ToleranceTableLabel = clipped(table.label, 16)
    for axis, tolerance in table.axis_tolerance.items():
        value: float | str = tolerance if axis in FLOAT_ANGLES else ds(tolerance)
        setattr(item, _TOLERANCES[axis], value)
    devices = table.device_tolerance_mm.items()
    item.BeamLimitingDeviceToleranceSequence = [_device_tolerance(*device) for device in devices]
    return item


def _device_tolerance(device: str, tolerance_mm: float) -> Dataset:
    item = Dataset()
    item.RTBeamLimitingDeviceType = device
    item.BeamLimitingDevicePositionTolerance = ds(tolerance_mm)
    return item


def _fraction_group(group: FractionGroup) -> Dataset:
    item = Dataset()
    item.FractionGroupNumber = group.number
    item.NumberOfFractionsPlanned = group.fractions_planned
    item.NumberOfBeams = len(group.beam_numbers)
    item.NumberOfBrachyApplicationSetups = 0
    item.ReferencedBeamSequence = [
        _referenced_beam(number, group.metersets_mu.get(number)) for number in group.beam_numbers
    ]
    return item


def _referenced_beam(number: int, meterset_mu: float | None) -> Dataset:
    item = Dataset()
    if meterset_mu is not None:
        item.BeamMeterset = ds(meterset_mu)
    item.ReferencedBeamNumber = number
    return item
