"""One thing that does not agree at a time: each is found, and nothing where all agrees."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.app.node.worklist_checks import (
    Remainder,
    continuation_findings,
    item_findings,
    record_findings,
    treatment_findings,
)
from gateway.dicom.plan_file import read_plan
from gateway.dicom.sop_classes import RT_ION_PLAN, RT_PLAN
from gateway.dicom.ups.codes import EXTERNAL_VERIFICATION
from gateway.domain.findings import Finding
from gateway.domain.plan import TreatmentPlan
from gateway.domain.worklist import Code, EarlierBeam
from tests.worklist.builders import (
    INSTRUCTION_UID,
    PATIENT,
    PLAN_UID,
    STATION,
    instruction,
    source,
    task,
    work_item,
)


@pytest.fixture(scope="module")
def plan(plan_path: Path) -> TreatmentPlan:
    """Two beams of one plan: the first of the generated one, twice."""
    read, _ = read_plan(plan_path).resolve(1)
    assert read is not None
    (beam,) = read.beams.values()
    return replace(
        read,
        sop_instance_uid=PLAN_UID,
        label="Phantom",
        patient=replace(read.patient, attributes={"PatientID": PATIENT}),
        fraction_group=replace(read.fraction_group, fractions_planned=25),
        beams={number: replace(beam, number=number, meterset_mu=50.0) for number in (1, 2)},
    )


def rules(findings: Iterable[Finding]) -> list[str]:
    found = list(findings)
    assert PATIENT not in str(found)
    return [finding.rule for finding in found]


def test_a_fit_item_is_claimed() -> None:
    assert rules(item_findings(work_item(), STATION.value, "")) == []
    wanted = work_item(workitem=EXTERNAL_VERIFICATION)
    assert rules(item_findings(wanted, STATION.value, "MPV")) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"state": "IN PROGRESS"}, "step-state"),
        ({"state": ""}, "step-state"),
        ({"readiness": "INCOMPLETE"}, "step-inputs"),
        ({"stations": ()}, "step-station"),
        ({"stations": (Code("OTHER", "99IHERO2008", "OTHER"),)}, "step-station"),
        ({"workitem": None}, "step-workitem"),
        ({"workitem": Code("121726", "99LOCAL", "-")}, "step-workitem"),
        ({"workitem": Code("121730", "DCM", "RT Machine QA")}, "step-workitem"),
        ({"workitem": EXTERNAL_VERIFICATION}, "step-verification"),
        ({"delivery_type": "SETUP"}, "step-delivery-type"),
        ({"delivery_type": ""}, "step-delivery-type"),
        ({"inputs": (source(RT_ION_PLAN, "1.2.3.4"),)}, "ion-plan"),
        ({"inputs": (source(RT_PLAN, PLAN_UID),)}, "step-inputs"),
        ({"inputs": (*work_item().inputs, source(RT_PLAN, "1.2.3.5"))}, "step-inputs"),
    ],
)
def test_an_item_that_is_not_for_this_device_is_left(changes: dict[str, Any], rule: str) -> None:
    assert rules(item_findings(work_item(**changes), STATION.value, "")) == [rule]


def test_a_treatment_whose_parts_agree_is_delivered(plan: TreatmentPlan) -> None:
    assert rules(treatment_findings(work_item(), plan, instruction())) == []
    unordered = instruction(task(1, order=None), task(2, order=None))
    assert rules(treatment_findings(work_item(), plan, unordered)) == []
    listed_otherwise = instruction(task(2), task(1))
    assert rules(treatment_findings(work_item(), plan, listed_otherwise)) == []
    bare = work_item(plan_label="", fraction=None, fractions_planned=None)
    assert rules(treatment_findings(bare, plan, instruction())) == []


@pytest.mark.parametrize(
    ("item", "ordered", "rule"),
    [
        ({"patient_id": "EPID-2"}, {}, "step-patient"),
        ({"patient_id": ""}, {}, "step-patient"),
        ({"inputs": (source(RT_PLAN, "9"), source("-", INSTRUCTION_UID))}, {}, "step-plan"),
        ({"plan_label": "Other"}, {}, "step-plan-label"),
        ({"fractions_planned": 24}, {}, "step-fractions"),
        ({}, {"plan_uid": "9.9"}, "instruction-plan"),
        ({}, {"patient_id": "EPID-2"}, "instruction-patient"),
        ({}, {"patient_id": ""}, "instruction-patient"),
        ({}, {"tasks": (task(1, task_type="VERIFY"),)}, "task-type"),
        ({}, {"tasks": (task(1, adjustments=("TableTopRollAdjustedAngle",)),)}, "task-adjustment"),
        ({}, {"tasks": (task(1, fraction=2),)}, "task-fraction"),
        ({}, {"tasks": (task(1, delivery_type="CONTINUATION"),)}, "task-delivery-type"),
        ({}, {"tasks": (task(1, delivery_type=""),)}, "task-delivery-type"),
        ({}, {"tasks": (task(1, fraction_group=2),)}, "task-fraction-group"),
        ({}, {"tasks": (task(1, order=2), task(2, order=1))}, "task-order"),
        ({}, {"tasks": (task(1), task(1))}, "task-repeated"),
    ],
)
def test_parts_that_do_not_agree_are_not_delivered(
    plan: TreatmentPlan, item: dict[str, Any], ordered: dict[str, Any], rule: str
) -> None:
    found = treatment_findings(work_item(**item), plan, instruction(**ordered))
    assert rules(found) == [rule]


def test_a_beam_that_the_plan_does_not_have_is_not_delivered(plan: TreatmentPlan) -> None:
    found = rules(treatment_findings(work_item(), plan, instruction(task(3))))
    assert found == ["task-beam", "task-order"]


def test_a_fraction_beyond_the_plan_is_not_delivered(plan: TreatmentPlan) -> None:
    beyond = instruction(task(1, fraction=26))
    assert rules(treatment_findings(work_item(fraction=26), plan, beyond)) == ["step-fraction"]


LEFT = Remainder("D1", {1: 20.0, 2: 0.0})
HALF = task(1, delivery_type="CONTINUATION", start_mu=20.0, end_mu=50.0)


@pytest.mark.parametrize(
    ("tasks", "remainder", "found"),
    [
        ((HALF, task(2)), LEFT, []),
        ((replace(HALF, start_mu=20.004), task(2)), LEFT, []),
        ((HALF, task(2)), None, ["continuation-unknown"]),
        ((HALF,), LEFT, ["continuation-beams"]),
        ((replace(HALF, start_mu=19.9), task(2)), LEFT, ["continuation-start"]),
        ((task(1), task(2)), LEFT, ["continuation-start"]),
        ((replace(HALF, end_mu=49.0), task(2)), LEFT, ["continuation-end"]),
    ],
)
def test_a_continuation_begins_where_the_room_left_off(
    plan: TreatmentPlan, tasks: Any, remainder: Remainder | None, found: list[str]
) -> None:
    assert rules(continuation_findings(plan, instruction(*tasks), remainder)) == found


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (EarlierBeam(PLAN_UID, 1, 1, 20.0), []),
        (EarlierBeam(PLAN_UID, 1, 1, 20.5), ["recorded-already"]),
        (EarlierBeam(PLAN_UID, 1, None, 20.5), ["recorded-already"]),
        (EarlierBeam(PLAN_UID, 2, 1, 0.5), ["recorded-already"]),
        (EarlierBeam(PLAN_UID, 1, 2, 50.0), []),
        (EarlierBeam("9.9", 1, 1, 50.0), []),
    ],
)
def test_nothing_is_delivered_that_a_record_has(
    plan: TreatmentPlan, record: EarlierBeam, found: list[str]
) -> None:
    assert rules(record_findings(plan, instruction(HALF, task(2)), [record])) == found


def test_findings_say_where() -> None:
    (found,) = item_findings(work_item(readiness="INCOMPLETE"), STATION.value, "")
    assert str(found) == (
        "error: step-inputs at InputReadinessState: its inputs are INCOMPLETE, not READY"
    )
