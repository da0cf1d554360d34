"""The RT Patient Setup module of plans and treatment records (PS3.3 C.8.8.12)."""

from pydicom import Dataset

from gateway.dicom.elements import clipped
from gateway.domain.plan import PatientSetup, TreatmentPlan


def add_patient_setups(dataset: Dataset, plan: TreatmentPlan) -> None:
    """Patient Setup Sequence; nothing where the plan has no setup."""
    if plan.patient_setups:
        dataset.PatientSetupSequence = [_item(setup) for setup in plan.patient_setups.values()]


def _item(setup: PatientSetup) -> Dataset:
    item = Dataset()
    item.PatientSetupNumber = setup.number
    if setup.position:
        item.PatientPosition = setup.position
    if setup.technique:
        item.SetupTechnique = setup.technique
    if setup.fixation_devices:
        item.FixationDeviceSequence = [_device("Fixation", name) for name in setup.fixation_devices]
    if setup.shielding_devices:
        item.ShieldingDeviceSequence = [
            _device("Shielding", name) for name in setup.shielding_devices
        ]
    return item


def _device(kind: str, name: str) -> Dataset:
    item = Dataset()
    setattr(item, f"{kind}DeviceType", clipped(name.upper().replace(" ", "_"), 16))
    setattr(item, f"{kind}DeviceLabel", clipped(name, 16))
    return item
