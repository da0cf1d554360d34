"""Steps in the node's database: as they were saved, found by whoever comes after."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.adapters.nodestore.database import NodeDatabase
from gateway.adapters.nodestore.steps import ENDS, Phase, Step, Steps
from gateway.dicom.ups.events import Told
from gateway.domain.worklist import Code, OutputObject, Progress
from tests.worklist.builders import step

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
CODES = st.builds(Code, TEXTS, TEXTS, TEXTS)
TIMES = st.integers(0, 2**62)
STEPS = st.builds(
    Step,
    sop_instance_uid=st.just("1.2.3"),
    manager=TEXTS,
    phase=st.sampled_from(Phase),
    room=TEXTS,
    changed_ns=TIMES,
    by=st.lists(TEXTS, max_size=2).map(tuple),
    transaction_uid=TEXTS,
    delivery_id=TEXTS,
    station=st.none() | CODES,
    workitem=st.none() | CODES,
    final=st.sampled_from(["", "COMPLETED", "CANCELED"]),
    reason=TEXTS,
    reason_code=st.none() | CODES,
    started_ns=TIMES,
    ended_ns=TIMES,
    progress=st.none() | st.builds(Progress, st.floats(0, 100), st.none() | st.integers(), TEXTS),
    outputs=st.lists(
        st.builds(OutputObject, TEXTS, TEXTS, TEXTS, TEXTS, st.lists(TEXTS, max_size=2).map(tuple)),
        max_size=2,
    ).map(tuple),
    waiting=TEXTS,
    tries=st.integers(0, 100),
    next_try_ns=TIMES,
)


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    return Steps(NodeDatabase(tmp_path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(STEPS)
def test_a_step_is_what_was_saved(steps: Steps, saved: Step) -> None:
    steps.want(step())
    steps.save(saved)
    # the manager of a step is who it was wanted of
    assert steps.get("1.2.3") == Step(**{**_values(saved), "manager": "TMS"})


def test_a_step_is_wanted_once_until_it_was_left_to_others(steps: Steps) -> None:
    assert steps.want(step(changed_ns=1))
    for phase in set(Phase) - {Phase.NOT_CLAIMED}:
        steps.save(step(phase=phase, transaction_uid="9"))
        assert not steps.want(step(changed_ns=2))
        assert steps.get("1.2.3") == step(phase=phase, transaction_uid="9")
    steps.save(step(phase=Phase.NOT_CLAIMED, transaction_uid="9", reason="taken"))
    assert steps.want(step(changed_ns=3, room="bunker"))
    assert steps.get("1.2.3") == step(changed_ns=3, room="bunker")


def test_a_room_finds_its_unfinished_steps_again(steps: Steps, tmp_path: Path) -> None:
    for place, phase in enumerate(Phase):
        wanted = step(sop_instance_uid=f"1.{place}", changed_ns=place)
        steps.want(wanted)
        steps.save(step(sop_instance_uid=f"1.{place}", changed_ns=place, phase=phase))
    steps.want(step(sop_instance_uid="2.1", room="elsewhere"))
    found = Steps(NodeDatabase(tmp_path)).unfinished("truebeam-m120")
    assert [one.phase for one in found] == [phase for phase in Phase if phase not in ENDS]


def test_events_come_back_in_order_and_by_kind(steps: Steps) -> None:
    told = [Told(state="IN PROGRESS"), Told(reason="wrong day", requesting_ae="TMS"), Told()]
    for place, (event_type, one) in enumerate(zip((1, 2, 1), told, strict=True)):
        steps.add_event("1.2.3", event_type, one, place)
    steps.add_event("1.2.4", 2, Told(), 9)
    assert [event.told for event in steps.events("1.2.3", (1,))] == [told[0], told[2]]
    assert [event.at_ns for event in steps.events("1.2.3", (1, 2))] == [0, 1, 2]


def test_a_cancellation_names_who_and_why(steps: Steps) -> None:
    assert steps.cancellation("1.2.3") == ""
    steps.add_event("1.2.3", 1, Told(state="IN PROGRESS"), 1)
    assert steps.cancellation("1.2.3") == ""
    steps.add_event("1.2.3", 2, Told(reason="wrong day", requesting_ae="TMS"), 1)
    assert steps.cancellation("1.2.3") == "cancellation was requested by TMS: wrong day"


def _values(saved: Step) -> dict[str, object]:
    return {name: getattr(saved, name) for name in Step.__dataclass_fields__}
