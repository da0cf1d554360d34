"""From a work item to a job for the room: what it takes, looked at before and after the claim."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from gateway.adapters.nodestore.steps import Step
from gateway.app.node.jobs import Job
from gateway.app.node.worklist_checks import (
    continuation_findings,
    item_findings,
    plan_findings,
    record_findings,
    treatment_findings,
)
from gateway.app.node.worklist_ports import Inputs, Record, Verifier
from gateway.dicom.plan_file import PlanFile, read_plan
from gateway.dicom.sop_classes import (
    RT_BEAMS_DELIVERY_INSTRUCTION,
    RT_BEAMS_TREATMENT_RECORD,
    RT_PLAN,
)
from gateway.dicom.ups.delivery_instruction import read_delivery_instruction
from gateway.dicom.ups.earlier_record import read_earlier_record
from gateway.domain.errors import Blocked, PlanRejected
from gateway.domain.findings import Finding, has_errors
from gateway.domain.plan import TreatmentPlan
from gateway.domain.worklist import (
    DeliveryInstruction,
    DeliveryType,
    EarlierBeam,
    Verification,
    VerificationStatus,
    WorkItem,
)

STATIC = (RT_PLAN, RT_BEAMS_TREATMENT_RECORD)
"""Inputs that are retrieved before the claim (RO-59)."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A job, and the start and end meterset by beam of what it delivers, MU."""

    job: Job
    spans_mu: Mapping[int, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Preparation:
    """Everything about a treatment that is done before the beam. It blocks."""

    station: str
    inputs: Inputs
    record: Record
    verifier: Verifier | None
    verifier_ae: str
    new_uid: Callable[[], str] = lambda: f"2.25.{uuid4().int}"

    def look_at(self, item: WorkItem) -> None:
        """Before the claim: retrieve the static inputs, and look at item and plan.

        Raises PlanRejected with what stands against it, and GatewayError where inputs fail.
        """
        _require(item_findings(item, self.station, self.verifier_ae))
        self.inputs.retrieve(item.sources(*STATIC))
        path, file = self._plan_file(item)
        for group in file.fraction_group_numbers if len(file.fraction_group_numbers) == 1 else ():
            plan = _resolved(file, group)
            _require(plan_findings(item, plan))
            _require(self.record.findings(path, group))

    def prepare(self, step: Step, item: WorkItem) -> Prepared:
        """After the claim: retrieve the dynamic input, and look at everything together.

        Raises PlanRejected, Blocked where the verifier does not agree, and GatewayError.
        """
        self.inputs.retrieve(item.sources(RT_BEAMS_DELIVERY_INSTRUCTION))
        instruction = self._instruction(item)
        path, file = self._plan_file(item)
        plan = _resolved(file, _fraction_group(file, instruction))
        _require(treatment_findings(item, plan, instruction))
        _require(record_findings(plan, instruction, list(self._records(item))))
        _require(self.record.findings(path, plan.fraction_group.number))
        continues = self._continued(item, plan, instruction)
        verdicts = self._verified(plan, instruction)
        return _prepared(step, path, plan, instruction, continues, verdicts)

    def _plan_file(self, item: WorkItem) -> tuple[Path, PlanFile]:
        path = self.inputs.file(item.references(RT_PLAN)[0])
        file = read_plan(path)
        _require(file.findings)
        return path, file

    def _instruction(self, item: WorkItem) -> DeliveryInstruction:
        path = self.inputs.file(item.references(RT_BEAMS_DELIVERY_INSTRUCTION)[0])
        return read_delivery_instruction(path.read_bytes())

    def _records(self, item: WorkItem) -> Iterator[EarlierBeam]:
        for reference in item.references(RT_BEAMS_TREATMENT_RECORD):
            yield from read_earlier_record(self.inputs.file(reference).read_bytes())

    def _continued(
        self, item: WorkItem, plan: TreatmentPlan, instruction: DeliveryInstruction
    ) -> str:
        """The delivery that is continued, "" where none is."""
        if item.delivery_type != DeliveryType.CONTINUATION:
            return ""
        group, fraction = plan.fraction_group.number, instruction.tasks[0].fraction
        remainder = self.record.remainder(plan.sop_instance_uid, group, fraction)
        _require(continuation_findings(plan, instruction, remainder))
        return "" if remainder is None else remainder.delivery_id

    def _verified(
        self, plan: TreatmentPlan, instruction: DeliveryInstruction
    ) -> tuple[Verification, ...]:
        """The external verdicts, which the record will tell; none where there is no verifier."""
        if self.verifier is None:
            return ()
        beams = [plan.beams[task.beam_number] for task in instruction.in_order]
        verdicts = self.verifier.verify(self.new_uid(), plan, beams)
        for verdict in verdicts:
            if verdict.status is VerificationStatus.NOT_VERIFIED:
                what = ", ".join(verdict.attributes) or "unnamed attributes"
                raise Blocked(f"beam {verdict.beam_number} is not verified externally: {what}")
        return verdicts


def _prepared(
    step: Step,
    path: Path,
    plan: TreatmentPlan,
    instruction: DeliveryInstruction,
    continues: str,
    verdicts: tuple[Verification, ...],
) -> Prepared:
    tasks = instruction.in_order
    job = Job(
        item=step.sop_instance_uid,
        plan=path,
        request_id=step.request_id,
        fraction_group=None if continues else plan.fraction_group.number,
        fraction=None if continues else tasks[0].fraction,
        beams=() if continues else tuple(task.beam_number for task in tasks),
        continues=continues,
        by=step.by,
        verifications=verdicts,
    )
    spans = {
        task.beam_number: (task.start_mu or 0.0, plan.beams[task.beam_number].meterset_mu)
        for task in tasks
    }
    return Prepared(job, spans)


def _fraction_group(file: PlanFile, instruction: DeliveryInstruction) -> int:
    named = instruction.tasks[0].fraction_group
    if named in file.fraction_group_numbers:
        return int(named)
    if named is None and len(file.fraction_group_numbers) == 1:
        return file.fraction_group_numbers[0]
    raise Blocked(f"the instruction names fraction group {named}, the plan has others")


def _resolved(file: PlanFile, group: int) -> TreatmentPlan:
    plan, findings = file.resolve(group)
    if plan is None:
        raise PlanRejected(findings)
    return plan


def _require(findings: Iterable[Finding]) -> None:
    found: Sequence[Finding] = tuple(findings)
    if has_errors(found):
        raise PlanRejected(found)
