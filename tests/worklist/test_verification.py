"""External verification as SCU, against the simulated verifier."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread

from gateway.adapters.dicomnet.verification_client import VerificationClient
from gateway.app.node.worklist_performing import Verdicts
from gateway.dicom.plan_file import read_plan
from gateway.dicom.sop_classes import RT_CONVENTIONAL_VERIFICATION
from gateway.dicom.ups.statuses import VERIFICATION_FAILURES
from gateway.domain.errors import InputError, ReplyTimeout
from gateway.domain.plan import TreatmentPlan
from gateway.domain.worklist import StepRefused, Verification, VerificationStatus
from simulators.tms.behaviour import At, Rejects
from simulators.tms.config import TmsConfig
from simulators.tms.verification import Verdict
from tests.worklist.bench import Bench, bench

UID = "2.25.77"


@pytest.fixture
def running(tmp_path: Path, plan_path: Path) -> Iterator[Bench]:
    with bench(tmp_path, verifier="MPV") as started:
        started.tms.hold(dcmread(plan_path))
        yield started


@pytest.fixture
def plan(plan_path: Path) -> TreatmentPlan:
    read, _ = read_plan(plan_path).resolve(1)
    assert read is not None
    return read


def client(running: Bench, verdict_s: float = 20.0) -> VerificationClient:
    done = Verdicts(running.steps, verdict_s).came
    return VerificationClient(running.node, running.node.peers["MPV"], done)


def test_a_beam_that_is_the_plans_is_verified(running: Bench, plan: TreatmentPlan) -> None:
    beams = [*plan.beams.values()] * 2
    assert (
        client(running).verify(UID, plan, beams)
        == (Verification(beams[0].number, VerificationStatus.VERIFIED),) * 2
    )
    assert running.tms.verifier.uids() == []
    requests = [
        message.dimse
        for message in running.tms.journal
        if message.sop_class_uid == RT_CONVENTIONAL_VERIFICATION and message.dimse.endswith("-RQ")
    ]
    beam = ["N-SET-RQ", "N-ACTION-RQ", "N-EVENT-REPORT-RQ", "N-GET-RQ"]
    assert requests == ["N-CREATE-RQ", *beam, *beam, "N-DELETE-RQ"]


def test_a_beam_that_is_not_the_plans_is_not_verified(running: Bench, plan: TreatmentPlan) -> None:
    (beam,) = plan.beams.values()
    other = replace(beam, meterset_mu=beam.meterset_mu + 1.0)
    (verdict,) = client(running).verify(UID, plan, [other])
    assert verdict.status is VerificationStatus.NOT_VERIFIED
    assert verdict.attributes == ("SpecifiedPrimaryMeterset",)


def test_an_override_is_told(tmp_path: Path, plan_path: Path, plan: TreatmentPlan) -> None:
    with bench(tmp_path, config=TmsConfig(verdict=Verdict.OVERRIDDEN)) as running:
        verifying = replace(running.node, verifier="MPV")
        assert verifying.verifier
        running.tms.hold(dcmread(plan_path))
        unheard = client(running, 0.2)
        with pytest.raises(ReplyTimeout, match="MPV gives no verdict on beam 1"):
            unheard.verify(UID, plan, list(plan.beams.values()))
        heard = replace(unheard, done=lambda *_: True)
        (verdict,) = heard.verify(UID, plan, list(plan.beams.values()))
    assert verdict.status is VerificationStatus.OVERRIDDEN


@pytest.mark.parametrize("status", sorted(VERIFICATION_FAILURES))
def test_every_refusal_of_the_verifier_is_told(
    running: Bench, plan: TreatmentPlan, status: int
) -> None:
    running.tms.behave(Rejects(status, At("N-CREATE")))
    with pytest.raises(StepRefused) as refusal:
        client(running).verify(UID, plan, list(plan.beams.values()))
    assert VERIFICATION_FAILURES[status] in refusal.value.plain


def test_what_is_left_there_is_deleted_whatever_happens(
    running: Bench, plan: TreatmentPlan
) -> None:
    running.tms.behave(Rejects(0xC224, At("N-SET")))
    with pytest.raises(StepRefused, match="no such beam"):
        client(running).verify(UID, plan, list(plan.beams.values()))
    assert running.tms.verifier.uids() == []
    running.tms.behave(Rejects(0x0110, At("N-DELETE")))
    assert client(running).verify(UID, plan, list(plan.beams.values()))
    assert running.tms.verifier.uids() == [UID]


def test_a_verdict_without_a_status_is_none(running: Bench, plan: TreatmentPlan) -> None:
    hasty = replace(client(running), done=lambda *_: True)
    running.tms.behave(Rejects(0x0001, At("N-GET")))
    with pytest.raises(InputError, match="verdict cannot be read"):
        hasty.verify(UID, plan, list(plan.beams.values()))
