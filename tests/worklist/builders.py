"""Work items, instructions and steps, with what a test wants to be different."""

from dataclasses import replace
from typing import Any

from pydicom import Dataset
from pydicom.uid import generate_uid

from gateway.adapters.nodestore.steps import Phase, Step
from gateway.dicom.common_modules import file_bytes
from gateway.dicom.sop_classes import (
    RT_BEAMS_DELIVERY_INSTRUCTION,
    RT_BEAMS_TREATMENT_RECORD,
    RT_PLAN,
)
from gateway.dicom.ups.codes import INTERNAL_VERIFICATION
from gateway.domain.worklist import (
    BeamTask,
    Code,
    DeliveryInstruction,
    Input,
    Reference,
    WorkItem,
)

STATION = Code("truebeam-m120", "99IHERO2008", "truebeam-m120")
PLAN_UID, INSTRUCTION_UID = "1.2.3.1", "1.2.3.2"
PATIENT = "EPID-1"


def source(sop_class: str, uid: str, *retrieve_aes: str) -> Input:
    return Input("1.2", f"{uid}.9", (Reference(sop_class, uid),), retrieve_aes or ("OST",))


def work_item(**changes: Any) -> WorkItem:
    """A step that is fit to be claimed."""
    fit = WorkItem(
        sop_instance_uid="1.2.3",
        state="SCHEDULED",
        readiness="READY",
        label="Field",
        start="20260304123000+0000",
        priority="MEDIUM",
        workitem=INTERNAL_VERIFICATION,
        stations=(STATION,),
        delivery_type="TREATMENT",
        plan_label="Phantom",
        fraction=1,
        fractions_planned=25,
        inputs=(
            source(RT_PLAN, PLAN_UID),
            source(RT_BEAMS_DELIVERY_INSTRUCTION, INSTRUCTION_UID, "TMS"),
        ),
        patient_id=PATIENT,
        patient_name="Phantom^EPID",
    )
    return replace(fit, **changes)


def task(number: int, **changes: Any) -> BeamTask:
    plain = BeamTask(number, number, "TREAT", "TREATMENT", 1, 1, None, None)
    return replace(plain, **changes)


def instruction(*tasks: BeamTask, **changes: Any) -> DeliveryInstruction:
    plain = DeliveryInstruction(INSTRUCTION_UID, PLAN_UID, tasks or (task(1), task(2)), PATIENT)
    return replace(plain, **changes)


def step(**changes: Any) -> Step:
    return replace(Step("1.2.3", "TMS", Phase.WANTED, "truebeam-m120", 1), **changes)


def item(**attributes: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def instruction_file(**changes: Any) -> bytes:
    """A delivery instruction of one beam; ``changes`` are attributes of its task."""
    described = item(
        BeamTaskType="TREAT",
        TreatmentDeliveryType="TREATMENT",
        CurrentFractionNumber=2,
        ReferencedFractionGroupNumber=1,
        ReferencedBeamNumber=3,
        BeamOrderIndex=1,
        **changes,
    )
    plan = item(ReferencedSOPClassUID=RT_PLAN, ReferencedSOPInstanceUID=PLAN_UID)
    return file_bytes(
        item(
            SOPClassUID=RT_BEAMS_DELIVERY_INSTRUCTION,
            SOPInstanceUID=INSTRUCTION_UID,
            PatientID=PATIENT,
            ReferencedRTPlanSequence=[plan],
            BeamTaskSequence=[described],
        )
    )


def record_file(beam: int, *metersets: str, fraction: int = 1) -> bytes:
    """A treatment record of one beam, with Delivered Meterset at its control points."""
    session = item(
        ReferencedBeamNumber=beam,
        CurrentFractionNumber=fraction,
        ControlPointDeliverySequence=[item(DeliveredMeterset=value) for value in metersets],
    )
    plan = item(ReferencedSOPClassUID=RT_PLAN, ReferencedSOPInstanceUID=PLAN_UID)
    return file_bytes(
        item(
            SOPClassUID=RT_BEAMS_TREATMENT_RECORD,
            SOPInstanceUID=generate_uid(),
            ReferencedRTPlanSequence=[plan],
            TreatmentSessionBeamSequence=[session],
        )
    )
