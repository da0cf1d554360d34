"""Retrieval as SCU: what comes, what does not, and what the treatment may use of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread

from gateway.adapters.dicomnet.retrieve_client import Moved, find, move
from gateway.adapters.nodestore.objects import State
from gateway.app.node.worklist_inputs import RetrievedInputs
from gateway.dicom.sop_classes import RT_BEAMS_TREATMENT_RECORD, RT_PLAN
from gateway.domain.errors import ConfigError, InputError, LinkLost
from gateway.domain.findings import error
from gateway.domain.worklist import Input, Reference, StepRefused
from simulators.tms.behaviour import At, Dies, Rejects
from tests.worklist.bench import Bench, bench

IMAGE_LEVEL = {"00080052": {"vr": "CS", "Value": ["IMAGE"]}}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as started:
        yield started


@pytest.fixture
def plan(running: Bench, plan_path: Path) -> Input:
    """The plan as an input: held by the object store, not here."""
    dataset = dcmread(plan_path)
    running.tms.hold(dataset)
    reference = Reference(RT_PLAN, str(dataset.SOPInstanceUID))
    return Input(
        str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID), (reference,), ("OST",)
    )


def inputs(running: Bench, judged_s: float = 0.2) -> RetrievedInputs:
    return RetrievedInputs(running.node, running.objects, judged_s=judged_s)


def test_an_object_comes_byte_for_byte(running: Bench, plan: Input, plan_path: Path) -> None:
    assert move(running.node, running.node.peers["OST"], plan) == Moved(1, 0, 0)
    path = inputs(running).file(plan.references[0])
    assert dcmread(path) == dcmread(plan_path)


def test_what_is_here_is_not_retrieved_again(running: Bench, plan: Input) -> None:
    inputs(running).retrieve([plan])
    inputs(running).retrieve([plan])
    assert len(running.tms.journal.of("C-MOVE-RQ")) == 1


def test_what_the_source_does_not_have_is_told(running: Bench, plan: Input) -> None:
    absent = Reference(RT_PLAN, "1.2.3.404")
    with pytest.raises(InputError, match="OST: 1 of 2 inputs did not arrive"):
        inputs(running).retrieve([replace(plan, references=(*plan.references, absent))])
    with pytest.raises(InputError, match="did not arrive"):
        inputs(running).file(absent)


def test_a_destination_that_the_source_does_not_know_is_told(running: Bench, plan: Input) -> None:
    strange = replace(running.node, ae_title="STRANGER")
    with pytest.raises(StepRefused, match="move destination is not known") as refusal:
        move(strange, running.node.peers["OST"], plan)
    assert refusal.value.status == 0xA801


def test_the_next_source_is_tried(running: Bench, plan: Input) -> None:
    either = replace(plan, retrieve_aes=("NOBODY", "OST"))
    inputs(running).retrieve([either])
    assert running.objects.get(plan.references[0].sop_instance_uid) is not None


def test_a_source_that_is_no_peer_is_named(running: Bench, plan: Input) -> None:
    with pytest.raises(ConfigError, match="NOBODY, which is no peer of bench"):
        inputs(running).retrieve([replace(plan, retrieve_aes=("NOBODY",))])
    with pytest.raises(InputError, match="does not say where"):
        inputs(running).retrieve([replace(plan, retrieve_aes=())])


def test_a_source_that_refuses_or_dies_is_told(running: Bench, plan: Input) -> None:
    running.tms.behave(Rejects(0xA702, At("C-MOVE")))
    with pytest.raises(StepRefused, match="sub-operations cannot be performed"):
        inputs(running).retrieve([plan])
    running.tms.behave(Dies(At("C-MOVE")))
    with pytest.raises(LinkLost, match="OST"):
        inputs(running).retrieve([plan])


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (State.RECEIVED, "was not validated in 0.2 s"),
        (State.INVALID, "is invalid, and is not used"),
        (State.QUARANTINED, "is quarantined, and is not used"),
    ],
)
def test_only_valid_objects_are_used(running: Bench, plan: Input, state: State, why: str) -> None:
    inputs(running).retrieve([plan])
    reference = plan.references[0]
    running.objects.mark(reference.sop_instance_uid, state, (error("x", "", "y"),))
    with pytest.raises(InputError, match=why):
        inputs(running).file(reference)
    running.objects.mark(reference.sop_instance_uid, State.VALID, ())
    with pytest.raises(InputError, match="another SOP class"):
        inputs(running).file(replace(reference, sop_class_uid=RT_BEAMS_TREATMENT_RECORD))


def test_objects_are_found_by_their_keys(running: Bench, plan: Input) -> None:
    peer = running.node.peers["OST"]
    keys = IMAGE_LEVEL | {
        "0020000D": {"vr": "UI", "Value": [plan.study_instance_uid]},
        "0020000E": {"vr": "UI", "Value": [plan.series_instance_uid]},
        "00080018": {"vr": "UI"},
        "00080016": {"vr": "UI"},
    }
    (found,) = find(running.node, peer, keys)
    assert found["00080018"]["Value"] == [plan.references[0].sop_instance_uid]
    elsewhere = keys | {"0020000D": {"vr": "UI", "Value": ["1.2.404"]}}
    assert find(running.node, peer, elsewhere) == []
    with pytest.raises(StepRefused, match="identifier does not match"):
        find(running.node, peer, {"00080018": {"vr": "UI"}})


def test_moved_objects_are_told_in_words() -> None:
    assert str(Moved(1, 2, 3)) == "1 moved, 3 with warnings, 2 failed"
