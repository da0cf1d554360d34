"""The RT Patient Setup module of plans and treatment records (PS3.3 C.8.8.12)."""

from pydicom import Dataset

from gateway.dicom.elements import clipped, term
from gateway.domain.plan import PatientSetup, TreatmentPlan


def add_patient_setups(dataset: Dataset, plan: TreatmentPlan) -> None:
    """Patient Setup Sequence; nothing where the plan has no setup."""
    if plan.patient_setups:
        dataset.PatientSetupSequence = [_item(setup) for setup in plan.patient_setups.values()]


def _item(setup: PatientSetup) -> Dataset:
    item = Dataset()
    item.PatientSetupNumber = setup.number
    if setup.position:
        item.PatientPosition = term(setup.position)
    if setup.technique:
        item.SetupTechnique = term(setup.technique)
    for kind, names in (
        ("Fixation", setup.fixation_devices),
        ("Shielding", setup.shielding_devices),
    ):
        if names:
            setattr(item, f"{kind}DeviceSequence", [_device(kind, name) for name in names])
    return item


def _device(kind: str, name: str) -> Dataset:
    """A device named by its type, a blank and its label."""
    type_, _, label = name.partition(" ")
    item = Dataset()
    setattr(item, f"{kind}DeviceType", term(type_))
    setattr(item, f"{kind}DeviceLabel", clipped(label, 16))
    return item
