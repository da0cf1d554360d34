"""RT Conventional Machine Verification: data sets out and in (PS3.4 DD.3.2, PS3.3 C.8.8.27)."""

from pydicom import Dataset
from pydicom.datadict import keyword_for_tag

from gateway.dicom.control_point_motion import add_motion
from gateway.dicom.elements import clipped, ds
from gateway.dicom.item import Notes
from gateway.dicom.plan_beam import planned_motion
from gateway.dicom.plan_file import READING_ERRORS
from gateway.dicom.quiet import quietly
from gateway.dicom.received import received_item
from gateway.dicom.sop_classes import RT_PLAN
from gateway.domain.errors import InputError
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.domain.worklist import Verification, VerificationStatus

ASKED = (
    0x3008_002C,  # Treatment Verification Status
    0x0074_1048,  # Failed Attributes Sequence
    0x0074_104A,  # Overridden Attributes Sequence
)
"""Attributes that an N-GET asks for after the verdict (DD.3.2.2)."""


def verification_request(plan: TreatmentPlan) -> Dataset:
    """Attribute List of the N-CREATE: whose plan is to be verified, and no beam yet."""
    attributes = Dataset()
    attributes.SpecificCharacterSet = "ISO_IR 192"
    attributes.PatientID = plan.patient.attributes.get("PatientID", "")
    reference = Dataset()
    reference.ReferencedSOPClassUID = RT_PLAN
    reference.ReferencedSOPInstanceUID = plan.sop_instance_uid
    attributes.ReferencedRTPlanSequence = [reference]
    attributes.ReferencedFractionGroupNumber = plan.fraction_group.number
    attributes.GeneralMachineVerificationSequence = []
    attributes.ConventionalMachineVerificationSequence = []
    return attributes


def beam_parameters(beam: Beam) -> Dataset:
    """Modification List of the N-SET: where a beam begins, and how much it is to give."""
    general = Dataset()
    general.ReferencedBeamNumber = beam.number
    general.BeamName = clipped(beam.name, 64)
    general.TreatmentMachineName = clipped(beam.machine_name, 16)
    general.RadiationType = beam.radiation_type
    general.SpecifiedPrimaryMeterset = ds(beam.meterset_mu)
    general.NumberOfControlPoints = 1
    general.NumberOfWedges = _count(beam, "wedge")
    general.NumberOfCompensators = _count(beam, "compensator")
    general.NumberOfBoli = _count(beam, "bolus")
    general.NumberOfBlocks = _count(beam, "block")
    general.BeamLimitingDeviceLeafPairsSequence = [
        _leaf_pairs(device.type, device.pairs) for device in beam.devices.values()
    ]
    conventional = Dataset()
    conventional.ConventionalControlPointVerificationSequence = [_first_control_point(beam)]
    modifications = Dataset()
    modifications.SpecificCharacterSet = "ISO_IR 192"
    modifications.GeneralMachineVerificationSequence = [general]
    modifications.ConventionalMachineVerificationSequence = [conventional]
    return modifications


def read_verification(beam_number: int, dataset: Dataset) -> Verification:
    """The verdict that an N-GET returns. Raises InputError where there is none."""
    try:
        with quietly():
            item = received_item(dataset, Notes())
            status = VerificationStatus(item.text("TreatmentVerificationStatus"))
            named = (
                int(tag)
                for keyword in ("FailedAttributesSequence", "OverriddenAttributesSequence")
                for one in item.items(keyword)
                for tag in one.dataset["SelectorAttribute"].values
            )
            attributes = tuple(keyword_for_tag(tag) or f"{tag:08X}" for tag in named)
    except READING_ERRORS as problem:
        raise InputError("the verifier's verdict cannot be read") from problem
    return Verification(beam_number, status, tuple(dict.fromkeys(attributes)))


def _first_control_point(beam: Beam) -> Dataset:
    point = Dataset()
    point.ReferencedControlPointIndex = 0
    point.NominalBeamEnergy = ds(beam.nominal_energy)
    if beam.dose_rate_mu_per_min is not None:
        point.DoseRateSet = ds(beam.dose_rate_mu_per_min)
    add_motion(point, planned_motion(beam, 0), None)
    return point


def _leaf_pairs(device: str, pairs: int) -> Dataset:
    item = Dataset()
    item.RTBeamLimitingDeviceType = device
    item.NumberOfLeafJawPairs = pairs
    return item


def _count(beam: Beam, kind: str) -> int:
    return sum(accessory.kind == kind for accessory in beam.accessories)
