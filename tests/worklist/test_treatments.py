"""Treatments on the simulated worklist: taken by others, cancelled, lost, continued, verified."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from gateway.adapters.nodestore.outbox_items import State as Sent
from gateway.adapters.nodestore.steps import Phase, Step
from gateway.adapters.store import open_reader
from gateway.domain.worklist import StepState
from simulators.tms.behaviour import At, CancelsStep, Dies, HalfCommits, NeverCommits
from simulators.tms.config import TmsConfig
from simulators.tms.scheduling import Continuation, Reference
from simulators.tms.verification import Verdict
from tests.worklist.bench import Bench, bench
from tests.worklist.performing import at_meterset, performed, performed_in_process, sending
from tests.worklist.waiting import until

MU = 100.0


def state(running: Bench, uid: str) -> StepState:
    return StepState(running.tms.item(uid).state)


def told(running: Bench, uid: str) -> Dataset:
    return running.tms.item(uid).dataset


def test_what_another_device_has_claimed_is_left_to_it(tmp_path: Path, plan_path: Path) -> None:
    with bench(tmp_path) as running:
        uid = running.tms.schedule(plan_path, fraction=1)
        performer = running.performer()

        def look_and_lose(item: Any) -> None:
            performer.preparation.look_at(item)
            running.client.claim(uid, "2.25.1")

        preparation = _Between(performer.preparation, look_and_lose)
        step = performed(running, uid, preparation=preparation)
        assert step.phase is Phase.NOT_CLAIMED
        assert "another device has claimed it" in step.reason
        assert running.room.jobs == []
        assert state(running, uid) is StepState.IN_PROGRESS
        late = performed_again(running, uid)
        assert late.reason == "it is not scheduled for truebeam-m120, or not any more"


class _Between:
    """A preparation that something happens after."""

    def __init__(self, real: Any, look_at: Any) -> None:
        self.look_at = look_at
        self.prepare = real.prepare


def performed_again(running: Bench, uid: str) -> Step:
    return performed(running, uid)


def test_a_cancellation_before_the_beam_leaves_no_beam(tmp_path: Path, plan_path: Path) -> None:
    with bench(tmp_path) as running:
        uid = running.tms.schedule(plan_path, fraction=1)
        performer = running.performer()

        def prepare_and_wait(step: Any, item: Any) -> Any:
            prepared = performer.preparation.prepare(step, item)
            assert running.tms.cancel(uid, "wrong day") == 0
            until(lambda: running.steps.cancellation(uid))
            return prepared

        preparation = _Between(performer.preparation, performer.preparation.look_at)
        preparation.prepare = prepare_and_wait
        step = performed(running, uid, preparation=preparation)
        assert step.phase is Phase.CANCELED
        assert running.room.jobs == []
        assert state(running, uid) is StepState.CANCELED
        (progress,) = told(running, uid).ProcedureStepProgressInformationSequence
        assert progress.ReasonForCancellation == "cancellation was requested by TMS: wrong day"
        (done,) = told(running, uid).UnifiedProcedureStepPerformedProcedureSequence
        assert done.OutputInformationSequence == []


def test_a_cancellation_during_the_beam_keeps_what_was_delivered(
    tmp_path: Path, plan_path: Path
) -> None:
    with bench(tmp_path, destinations=("OST",)) as running, sending(running):
        uid = running.tms.schedule(plan_path, fraction=1)
        running.tms.behave(CancelsStep(at_progress=10.0, reason="patient moved"))
        step = performed_in_process(running, uid)
        assert step.phase is Phase.CANCELED, step
        record = record_of(running, step)
        (beam,) = record.TreatmentSessionBeamSequence
        assert beam.TreatmentTerminationStatus == "OPERATOR"
        assert MU * 0.1 <= float(beam.DeliveredPrimaryMeterset) < MU
        (progress,) = told(running, uid).ProcedureStepProgressInformationSequence
        assert progress.ReasonForCancellation == (
            "cancellation was requested by TMS: patient moved"
        )
        assert 10.0 <= float(progress.ProcedureStepProgress) < 100.0
        (done,) = told(running, uid).UnifiedProcedureStepPerformedProcedureSequence
        named = {
            one.ReferencedSOPInstanceUID
            for item in done.OutputInformationSequence
            for one in item.ReferencedSOPSequence
        }
        assert record.SOPInstanceUID in named


def test_a_fault_of_the_machine_is_told_as_the_reason(tmp_path: Path, plan_path: Path) -> None:
    with bench(tmp_path) as running:
        running.room.faults = ("door-open:at_mu=50",)
        uid = running.tms.schedule(plan_path, fraction=1)
        step = performed(running, uid)
        assert step.phase is Phase.CANCELED
        (progress,) = told(running, uid).ProcedureStepProgressInformationSequence
        assert "beam 1: " in progress.ReasonForCancellation
        (code,) = progress.ProcedureStepDiscontinuationReasonCodeSequence
        assert code.CodeValue == "110501"


def record_of(running: Bench, step: Step) -> Dataset:
    store = open_reader(running.settings.store)
    try:
        return dcmread(store.directory(step.delivery_id) / "treatment_record.dcm")
    finally:
        store.close()


def test_a_manager_lost_in_mid_treatment_is_told_when_it_is_back(
    tmp_path: Path, plan_path: Path
) -> None:
    with bench(tmp_path) as running:
        uid = running.tms.schedule(plan_path, fraction=1)
        running.room.meanwhile = at_meterset(MU / 4, lambda: running.tms.behave(Dies(At("N-SET"))))
        performer = running.performer()
        back = _BackLater(performer, running)
        step = performed(running, uid, manager=back)
        assert back.refused_final >= 1
        assert step.phase is Phase.COMPLETED
        assert state(running, uid) is StepState.COMPLETED
        summary = record_of(running, step).TreatmentSessionBeamSequence[0]
        assert float(summary.DeliveredPrimaryMeterset) == pytest.approx(MU, abs=0.1)


class _BackLater:
    """The manager's client: the system comes back after a final update has failed."""

    def __init__(self, performer: Any, running: Bench) -> None:
        self._real = performer.manager
        self._running = running
        self.refused_final = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def tell_performed(self, *told: Any) -> None:
        try:
            self._real.tell_performed(*told)
        except Exception:
            self.refused_final += 1
            self._running.tms.behave()
            raise


def test_a_partial_treatment_is_continued(tmp_path: Path, plan_path: Path) -> None:
    with bench(tmp_path, destinations=("OST",)) as running, sending(running):
        first = running.tms.schedule(plan_path, fraction=1)
        running.room.faults = ("door-open:at_mu=50",)
        partial = performed(running, first)
        assert partial.phase is Phase.CANCELED
        earlier = record_of(running, partial)
        (beam,) = earlier.TreatmentSessionBeamSequence
        start_mu = float(beam.DeliveredPrimaryMeterset)
        reference = Reference(
            earlier.SOPClassUID,
            earlier.SOPInstanceUID,
            earlier.StudyInstanceUID,
            earlier.SeriesInstanceUID,
            "OST",
        )
        continuation = Continuation({1: start_mu}, (reference,))
        rest = running.tms.schedule(plan_path, fraction=1, continuation=continuation)
        running.room.faults = ()
        step = performed(running, rest)
        assert step.phase is Phase.COMPLETED, step
        assert running.room.jobs[-1].continues == partial.delivery_id
        (second,) = record_of(running, step).TreatmentSessionBeamSequence
        assert second.TreatmentDeliveryType == "CONTINUATION"
        delivered = start_mu + float(second.DeliveredPrimaryMeterset)
        assert delivered == pytest.approx(MU, abs=0.1)


def test_a_continuation_elsewhere_than_it_ended_is_refused(tmp_path: Path, plan_path: Path) -> None:
    with bench(tmp_path) as running:
        continuation = Continuation({1: 12.0})
        uid = running.tms.schedule(plan_path, fraction=1, continuation=continuation)
        step = performed(running, uid)
        assert step.phase is Phase.CANCELED
        assert "nothing of this fraction is left to continue in this room" in step.reason
        assert running.room.jobs == []


@pytest.mark.parametrize(
    ("verdict", "phase"),
    [
        (None, Phase.COMPLETED),
        (Verdict.OVERRIDDEN, Phase.COMPLETED),
        (Verdict.NOT_VERIFIED, Phase.CANCELED),
    ],
)
def test_what_is_not_verified_is_not_delivered(
    tmp_path: Path, plan_path: Path, verdict: Verdict | None, phase: Phase
) -> None:
    with bench(tmp_path, config=TmsConfig(verdict=verdict), verifier="MPV") as running:
        uid = running.tms.schedule(plan_path, fraction=1)
        step = performed(running, uid)
        assert step.phase is phase
        assert len(running.room.jobs) == (phase is Phase.COMPLETED)
        if phase is Phase.CANCELED:
            assert "beam 1 is not verified externally" in step.reason
        else:
            (record,) = (running.settings.store / "deliveries").glob("*/treatment_record.dcm")
            (beam,) = dcmread(record).TreatmentSessionBeamSequence
            assert beam.TreatmentVerificationStatus == (verdict or Verdict.VERIFIED)


def test_a_refused_delivery_is_canceled_with_its_reason(tmp_path: Path, plan_path: Path) -> None:
    with bench(tmp_path) as running:
        running.room.refuses = "the door is open"
        uid = running.tms.schedule(plan_path, fraction=1)
        step = performed(running, uid)
        assert step.phase is Phase.CANCELED
        (progress,) = told(running, uid).ProcedureStepProgressInformationSequence
        assert progress.ReasonForCancellation == "the door is open"


@pytest.mark.parametrize("behaviour", [NeverCommits(), HalfCommits()])
def test_a_step_is_not_held_up_by_commitments_for_ever(
    tmp_path: Path, plan_path: Path, behaviour: Any
) -> None:
    with bench(tmp_path, destinations=("OST",)) as running, sending(running):
        running.tms.behave(behaviour)
        uid = running.tms.schedule(plan_path, fraction=1)
        step = performed(running, uid, settle_s=2.0)
        assert step.phase is Phase.COMPLETED
        kept = {one.sop_instance_uid for one in step.outputs if one.kept_by}
        done = {row.sop_instance_uid for row in running.outbox.rows() if row.state is Sent.DONE}
        assert kept <= done
        assert len(kept) < len(step.outputs)


def test_the_same_step_is_not_delivered_twice(tmp_path: Path, plan_path: Path) -> None:
    with bench(tmp_path) as running:
        uid = running.tms.schedule(plan_path, fraction=1)
        assert performed(running, uid).phase is Phase.COMPLETED
        known = running.steps.get(uid)
        assert known is not None
        assert not running.steps.want(replace(known, phase=Phase.WANTED))
