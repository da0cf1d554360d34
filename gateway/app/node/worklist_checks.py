"""Whether a scheduled treatment is one that may be delivered here: item, plan, instruction. Pure.

No finding states an identity: what is compared is named, never shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.dicom.sop_classes import RT_BEAMS_DELIVERY_INSTRUCTION, RT_ION_PLAN, RT_PLAN
from gateway.dicom.ups.codes import EXTERNAL_VERIFICATION, WORKITEMS
from gateway.domain.findings import Finding, error
from gateway.domain.plan import TreatmentPlan
from gateway.domain.worklist import (
    BeamTask,
    DeliveryInstruction,
    DeliveryType,
    EarlierBeam,
    StepState,
    WorkItem,
)

TREAT = "TREAT"
METERSET_TOLERANCE_MU = 0.01
"""How far two statements of one meterset may be apart: what rounding to DS leaves."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is left of an earlier delivery of this room: beam number to start meterset, MU."""

    delivery_id: str
    start_mu: Mapping[int, float]


def item_findings(item: WorkItem, station: str, verifier: str) -> Iterator[Finding]:
    """What stands against claiming a step. ``verifier`` is an AE title, empty for none."""
    if item.state != StepState.SCHEDULED:
        yield error("step-state", "ProcedureStepState", f"the step is {item.state or 'stateless'}")
    if item.readiness != "READY":
        text = f"its inputs are {item.readiness or 'of unknown readiness'}, not READY"
        yield error("step-inputs", "InputReadinessState", text)
    if station not in {code.value for code in item.stations}:
        text = f"it is not scheduled for {station}"
        yield error("step-station", "ScheduledStationNameCodeSequence", text)
    if item.workitem is None or not any(item.workitem.means(code) for code in WORKITEMS):
        text = "it is no treatment that this device performs"
        yield error("step-workitem", "ScheduledWorkitemCodeSequence", text)
    elif item.workitem.means(EXTERNAL_VERIFICATION) and not verifier:
        text = "it wants external verification, and no verifier is configured"
        yield error("step-verification", "ScheduledWorkitemCodeSequence", text)
    if item.delivery_type not in {kind.value for kind in DeliveryType}:
        text = f"delivery type {item.delivery_type or 'empty'} is none of this device"
        yield error("step-delivery-type", "ScheduledProcessingParametersSequence", text)
    yield from _input_findings(item)


def _input_findings(item: WorkItem) -> Iterator[Finding]:
    path = "InputInformationSequence"
    if item.references(RT_ION_PLAN):
        yield error("ion-plan", path, "ion plans cannot be delivered here")
        return
    for uid, name in ((RT_PLAN, "plan"), (RT_BEAMS_DELIVERY_INSTRUCTION, "delivery instruction")):
        count = len(item.references(uid))
        if count != 1:
            yield error("step-inputs", path, f"there are {count} {name}s, one is wanted")


def treatment_findings(
    item: WorkItem, plan: TreatmentPlan, instruction: DeliveryInstruction
) -> Iterator[Finding]:
    """What does not agree between a work item, its plan and its delivery instruction."""
    yield from plan_findings(item, plan)
    if instruction.plan_uid != plan.sop_instance_uid:
        text = "the instruction is for another plan than the work item"
        yield error("instruction-plan", "ReferencedRTPlanSequence", text)
    patient_id = plan.patient.attributes.get("PatientID", "")
    if not patient_id or instruction.patient_id != patient_id:
        text = "the instruction is for another patient than the plan"
        yield error("instruction-patient", "PatientID", text)
    for index, task in enumerate(instruction.tasks):
        path = f"BeamTaskSequence[{index}]"
        yield from _task_findings(item, plan, task, path)
    yield from _order_findings(plan, instruction)


def plan_findings(item: WorkItem, plan: TreatmentPlan) -> Iterator[Finding]:
    """What does not agree between a work item and its plan."""
    patient_id = plan.patient.attributes.get("PatientID", "")
    if not patient_id or item.patient_id != patient_id:
        yield error("step-patient", "PatientID", "the work item is for another patient's plan")
    if plan.sop_instance_uid not in {one.sop_instance_uid for one in item.references(RT_PLAN)}:
        yield error("step-plan", "InputInformationSequence", "the plan is not that of the item")
    path = "ScheduledProcessingParametersSequence"
    if item.plan_label and item.plan_label != plan.label:
        yield error("step-plan-label", path, "the work item labels its plan otherwise")
    planned = plan.fraction_group.fractions_planned
    if None not in (planned, item.fractions_planned) and planned != item.fractions_planned:
        text = f"{item.fractions_planned} fractions are scheduled, {planned} are planned"
        yield error("step-fractions", path, text)
    if item.fraction is not None and planned is not None and not 1 <= item.fraction <= planned:
        text = f"fraction {item.fraction} is none of the {planned} planned"
        yield error("step-fraction", path, text)


def _task_findings(
    item: WorkItem, plan: TreatmentPlan, task: BeamTask, path: str
) -> Iterator[Finding]:
    number = task.beam_number
    if task.task_type != TREAT:
        text = f"beam {number}: a task of type {task.task_type or 'none'} cannot be performed"
        yield error("task-type", f"{path}.BeamTaskType", text)
    if task.adjustments:
        text = f"beam {number}: adjustments of the table top cannot be made"
        yield error("task-adjustment", f"{path}.{task.adjustments[0]}", text)
    if number not in plan.beams:
        text = f"beam {number} is no deliverable beam of the plan's fraction group"
        yield error("task-beam", f"{path}.ReferencedBeamNumber", text)
    if item.fraction is not None and task.fraction != item.fraction:
        text = f"beam {number}: fraction {task.fraction}, the work item is for {item.fraction}"
        yield error("task-fraction", f"{path}.CurrentFractionNumber", text)
    allowed = {DeliveryType.TREATMENT.value, item.delivery_type}
    if task.delivery_type not in allowed:
        text = f"beam {number}: {task.delivery_type or 'no delivery type'}, in a {_kind(item)}"
        yield error("task-delivery-type", f"{path}.TreatmentDeliveryType", text)
    if task.fraction_group not in (None, plan.fraction_group.number):
        text = f"beam {number}: fraction group {task.fraction_group} beside another"
        yield error("task-fraction-group", f"{path}.ReferencedFractionGroupNumber", text)


def _order_findings(plan: TreatmentPlan, instruction: DeliveryInstruction) -> Iterator[Finding]:
    wanted = [task.beam_number for task in instruction.in_order]
    if len(set(wanted)) != len(wanted):
        yield error("task-repeated", "BeamTaskSequence", "a beam is asked for twice")
    elif wanted != [number for number in plan.beams if number in wanted]:
        text = f"the order {', '.join(map(str, wanted))} is not the plan's, which is kept here"
        yield error("task-order", "BeamTaskSequence", text)


def continuation_findings(
    plan: TreatmentPlan, instruction: DeliveryInstruction, remainder: Remainder | None
) -> Iterator[Finding]:
    """What stands against continuing: the instruction has to name what this room left."""
    path = "BeamTaskSequence"
    if remainder is None:
        text = "nothing of this fraction is left to continue in this room"
        yield error("continuation-unknown", path, text)
        return
    if {task.beam_number for task in instruction.tasks} != set(remainder.start_mu):
        left = ", ".join(map(str, remainder.start_mu))
        yield error("continuation-beams", path, f"what is left are the beams {left}")
        return
    for index, task in enumerate(instruction.tasks):
        yield from _start_findings(plan, task, remainder, f"{path}[{index}]")


def record_findings(
    plan: TreatmentPlan, instruction: DeliveryInstruction, records: Sequence[EarlierBeam]
) -> Iterator[Finding]:
    """What earlier records show of the fraction already, and is to be delivered again."""
    for index, task in enumerate(instruction.tasks):
        for record in records:
            if _is_of(record, plan, task) and record.end_mu > _start(task) + METERSET_TOLERANCE_MU:
                text = f"beam {task.beam_number} is recorded up to {record.end_mu:.3f} MU already"
                yield error("recorded-already", f"BeamTaskSequence[{index}]", text)


def _start_findings(
    plan: TreatmentPlan, task: BeamTask, remainder: Remainder, path: str
) -> Iterator[Finding]:
    number, left_mu = task.beam_number, remainder.start_mu[task.beam_number]
    if abs(_start(task) - left_mu) > METERSET_TOLERANCE_MU:
        text = f"beam {number} is to start at {_start(task):.3f} MU, it ended at {left_mu:.3f} MU"
        yield error("continuation-start", f"{path}.ContinuationStartMeterset", text)
    planned_mu = plan.beams[number].meterset_mu if number in plan.beams else 0.0
    if task.end_mu is not None and abs(task.end_mu - planned_mu) > METERSET_TOLERANCE_MU:
        text = f"beam {number} is to end at {task.end_mu:.3f} MU, not at its {planned_mu:.3f} MU"
        yield error("continuation-end", f"{path}.ContinuationEndMeterset", text)


def _is_of(record: EarlierBeam, plan: TreatmentPlan, task: BeamTask) -> bool:
    of_fraction = record.fraction in (None, task.fraction)
    return (
        record.plan_uid == plan.sop_instance_uid
        and record.beam_number == task.beam_number
        and of_fraction
    )


def _start(task: BeamTask) -> float:
    return 0.0 if task.start_mu is None else task.start_mu


def _kind(item: WorkItem) -> str:
    return item.delivery_type.lower() or "treatment of no type"
