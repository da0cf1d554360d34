"""A delivery as an RT Beams Treatment Record (PS3.3 A.29, C.8.8.21)."""

from collections.abc import Iterator, Sequence

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.uid import RTBeamsTreatmentRecordStorage, RTPlanStorage

from gateway.dicom.accessory_items import add_recorded_accessories
from gateway.dicom.common_modules import (
    add_equipment,
    add_operators,
    add_series,
    file_bytes,
    new_object,
    sop_reference,
)
from gateway.dicom.delivered_path import delivered_path
from gateway.dicom.elements import clipped, date, ds, paragraph, time
from gateway.dicom.interlock_items import interlock_items
from gateway.dicom.patient_setup import add_patient_setups
from gateway.dicom.plan_beam import add_fluence_mode, beam_type
from gateway.dicom.record_control_points import METERSET_DECIMALS, control_point_items
from gateway.domain.plan import Beam
from gateway.domain.record import RecordContext, RecordedBeam
from gateway.domain.worklist import Verification, VerificationStatus

RECORD_SERIES_NUMBER = 3
NO_VERIFICATION = ""
"""Treatment Verification Status (type 2) tells what a separate verification system found."""
OVERRIDDEN_THERE = "overridden in the external verification system"


def treatment_record(context: RecordContext, beams: Sequence[RecordedBeam]) -> bytes:
    """The record of one delivery, its beams in the order delivered; at least one.

    Metersets are the plan beam's, cumulative; Delivered Primary Meterset is what this session
    added. Raises ValueError for numbers that are not finite.
    """
    plan = context.plan
    dataset = new_object(
        plan, RTBeamsTreatmentRecordStorage, context.uid("record"), context.written_ns
    )
    add_series(
        dataset, "RTRECORD", context.uid("record-series"), RECORD_SERIES_NUMBER, "Treatment record"
    )
    add_operators(dataset, context.operators)
    machine = context.machine
    add_equipment(
        dataset,
        machine.manufacturer,
        machine.model_name,
        machine.serial_number,
        machine.software_version,
        context.software_version,
    )
    dataset.InstanceNumber = 1
    dataset.TreatmentDate = date(context.started_ns)
    dataset.TreatmentTime = time(context.started_ns)
    dataset.ReferencedRTPlanSequence = [sop_reference(RTPlanStorage, plan.sop_instance_uid)]
    add_patient_setups(dataset, plan)
    dataset.TreatmentMachineSequence = [_machine(context)]
    dataset.ReferencedFractionGroupNumber = plan.fraction_group.number
    dataset.NumberOfFractionsPlanned = plan.fraction_group.fractions_planned
    dataset.PrimaryDosimeterUnit = "MU"
    dataset.TreatmentSessionBeamSequence = [_session_beam(context, beam) for beam in beams]
    return file_bytes(dataset)


def _machine(context: RecordContext) -> Dataset:
    item = Dataset()
    item.TreatmentMachineName = clipped(context.machine_name, 16)
    item.Manufacturer = clipped(context.machine.manufacturer, 64)
    item.InstitutionName = ""
    item.ManufacturerModelName = clipped(context.machine.model_name, 64)
    item.DeviceSerialNumber = clipped(context.machine.serial_number, 64)
    return item


def _session_beam(context: RecordContext, recorded: RecordedBeam) -> Dataset:
    beam, delivery = recorded.beam, recorded.delivery
    end_mu = end_meterset_mu(recorded)
    delivered_mu = end_mu - delivery.start_meterset_mu
    item = Dataset()
    item.ReferencedBeamNumber = beam.number
    item.BeamName = clipped(beam.name, 64)
    item.BeamDescription = paragraph(beam.description, 1024)
    item.BeamType = beam_type(beam)
    item.RadiationType = beam.radiation_type
    add_fluence_mode(item, beam)
    item.SourceAxisDistance = ds(context.sad_mm)
    item.BeamLimitingDeviceLeafPairsSequence = list(_leaf_pairs(beam))
    if beam.patient_setup_number is not None:
        item.ReferencedPatientSetupNumber = beam.patient_setup_number
    add_recorded_accessories(item, beam)
    item.CurrentFractionNumber = context.fraction_number
    item.TreatmentDeliveryType = "CONTINUATION" if recorded.continuation else "TREATMENT"
    item.TreatmentTerminationStatus = delivery.termination_status.value
    if delivery.termination_reason:
        item.TreatmentTerminationDescription = paragraph(delivery.termination_reason, 1024)
    if delivery.interlocks:
        item.InterlockSequence = list(interlock_items(delivery, context.started_ns))
    verified = recorded.verification
    item.TreatmentVerificationStatus = NO_VERIFICATION if verified is None else verified.status
    item.SpecifiedPrimaryMeterset = ds(beam.meterset_mu)
    item.DeliveredPrimaryMeterset = ds(round(delivered_mu, METERSET_DECIMALS))
    path = delivered_path(recorded)
    if path is not None:
        item.DeliveredTreatmentTime = ds(round(float(path.on_time_s[-1]), 3))
    item.NumberOfControlPoints = beam.control_point_count
    points = control_point_items(recorded, context.started_ns, end_mu)
    if verified is not None and verified.status is VerificationStatus.OVERRIDDEN:
        points[1].OverrideSequence = list(_overrides(verified))
    item.ControlPointDeliverySequence = points
    return item


def _overrides(verified: Verification) -> Iterator[Dataset]:
    """Of the segment before the control point that they stand in: the first (C.8.8.21)."""
    for keyword in verified.attributes:
        item = Dataset()
        item.OverrideParameterPointer = tag_for_keyword(keyword) or int(keyword, 16)
        item.OperatorsName = ""
        item.OverrideReason = OVERRIDDEN_THERE
        yield item


def end_meterset_mu(recorded: RecordedBeam) -> float:
    """The beam's cumulative meterset at the end of the session, as far as it is known.

    The machine's counter; else the last telemetry; else where the session began.
    """
    if recorded.delivery.end_meterset_mu is not None:
        return recorded.delivery.end_meterset_mu
    if recorded.delivered is not None and recorded.delivered.meterset_mu.size:
        return float(recorded.delivered.meterset_mu.max())
    return recorded.delivery.start_meterset_mu


def _leaf_pairs(beam: Beam) -> Iterator[Dataset]:
    for device in beam.devices.values():
        item = Dataset()
        item.RTBeamLimitingDeviceType = device.type
        item.NumberOfLeafJawPairs = device.pairs
        yield item
